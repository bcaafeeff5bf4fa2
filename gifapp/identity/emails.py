"""E-mail addresses, normalised to one spelling."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from gifapp import errors


def normalised(email: str) -> str:
    """The address as it is kept; upper and lower case are the same person.

    Addresses of a local network (`ada@nas`) are as good as any: no mail is ever sent there.

    Raises:
        errors.FieldInvalid: this is no address.
    """
    try:
        parts = validate_email(
            email.strip(), check_deliverability=False, globally_deliverable=False, test_environment=True
        )
    except EmailNotValidError as refused:
        raise errors.FieldInvalid(field="email", problem=str(refused).rstrip(".")) from None
    return parts.normalized.lower()
