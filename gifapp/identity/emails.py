"""Normalises email addresses to one spelling."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from gifapp import errors


def normalised(email: str) -> str:
    """The address as it is stored, in lower case.

    Addresses in a local network (`ada@nas`) are valid, since we never send mail.

    Raises:
        errors.FieldInvalid: this is not an email address.
    """
    try:
        parts = validate_email(
            email.strip(), check_deliverability=False, globally_deliverable=False, test_environment=True
        )
    except EmailNotValidError as refused:
        why = str(refused).rstrip(".")
        problem = f"is not a valid address: {why[0].lower()}{why[1:]}"
        raise errors.FieldInvalid(field="email", problem=problem) from None
    return parts.normalized.lower()
