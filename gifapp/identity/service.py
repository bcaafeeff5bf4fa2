"""The web server's interface to accounts: register, sign in, authenticate."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bson import ObjectId

from gifapp import errors
from gifapp.domain.accounts import Role
from gifapp.domain.views.administration import ListedJobView
from gifapp.domain.views.jobs import Registration, UserView
from gifapp.identity import documents, tokens
from gifapp.identity.account_admin import AccountAdmin
from gifapp.identity.accounts import Accounts, view
from gifapp.identity.api_tokens import ApiTokens
from gifapp.identity.audit import Audit
from gifapp.identity.authentication import Authenticator
from gifapp.identity.callers import Caller, Session
from gifapp.identity.documents import LinkDocument, UserDocument
from gifapp.identity.emails import normalised
from gifapp.identity.links import Links
from gifapp.identity.passwords import Passwords
from gifapp.identity.sessions import Sessions
from gifapp.identity.throttle import Rates, Throttle

__all__ = ["Caller", "Identity", "Rates", "Registration", "Session", "build_identity"]


Listed = TypeVar("Listed", bound=ListedJobView)


def build_identity(
    *,
    mongodb_url: str,
    redis_url: str,
    secret: bytes,
    registration: Registration,
    rates: Rates | None = None,
    password_rounds: int = 12,
    audit_retention: timedelta = timedelta(days=90),
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Identity:
    """Connect to the servers and build `Identity`; tests pass a cheaper hash, other rates and a clock."""
    documents.connect(mongodb_url)
    return Identity(
        secret,
        throttle=Throttle(redis_url, rates or Rates()),
        passwords=Passwords(password_rounds),
        registration=registration,
        audit_retention=audit_retention,
        now=now,
    )


class Identity(Authenticator):
    """Blocking: call it from a thread. Raises errors.ServiceUnavailable when a server is down."""

    def __init__(
        self,
        secret: bytes,
        *,
        throttle: Throttle,
        passwords: Passwords,
        registration: Registration,
        audit_retention: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        accounts = Accounts()
        self.audit = Audit(secret, accounts, retention=audit_retention, now=now)
        api_tokens = ApiTokens(accounts, self.audit, now)
        sessions = Sessions(secret, now, on_reuse=self._reused)
        super().__init__(secret, accounts=accounts, sessions=sessions, api_tokens=api_tokens, now=now)
        self.links = Links(accounts, self.audit, now)
        self.people = AccountAdmin(
            accounts=accounts,
            sessions=sessions,
            api_tokens=api_tokens,
            links=self.links,
            audit=self.audit,
            now=now,
        )
        self.registration = registration
        self._throttle = throttle
        self._now = now
        self._passwords = passwords
        self._setup_token = tokens.setup_token(secret)

    def close(self) -> None:
        """Close the connections of this process."""
        self._throttle.close()
        documents.disconnect()

    # --- accounts

    def register(
        self,
        email: str,
        password: str,
        setup_token: str | None = None,
        invite: str | None = None,
        *,
        address: str,
    ) -> UserView:
        """Create an account, requested from `address`; the first account is the administrator's.

        Raises:
            errors.SetupTokenWrong, errors.RegistrationClosed, errors.InviteInvalid: not permitted.
            errors.EmailTaken, errors.FieldInvalid
            errors.PasswordTooShort, errors.PasswordTooLong, errors.PasswordTooCommon
            errors.TooManyRequests
        """
        self._throttle.register(address)
        email = normalised(email)
        if self._accounts.any_exist():
            added = self._register_user(email, password, invite)
        else:
            self._check_setup_token(setup_token)
            hashed = self._passwords.hash_new(password, email)
            added = self._accounts.add(email, hashed, "administrator", founder=True)
        self.audit.record("registered", added.id, by=str(added.id), role=added.role)
        return view(added)

    def create_user(self, email: str, password: str, role: Role) -> UserView:
        """Create an account on behalf of an administrator.

        Raises:
            errors.EmailTaken, errors.FieldInvalid
            errors.PasswordTooShort, errors.PasswordTooLong, errors.PasswordTooCommon
        """
        email = normalised(email)
        added = self._accounts.add(email, self._passwords.hash_new(password, email), role)
        self.audit.record("account-made", added.id, role=role)
        return view(added)

    def user(self, email: str) -> UserView:
        """The account with this email address.

        Raises:
            errors.NotFound, errors.FieldInvalid
        """
        user = self._accounts.by_email(normalised(email))
        if user is None:
            raise errors.NotFound(kind="account")
        return view(user)

    def is_enabled(self, user_id: str) -> bool:
        """Whether the account exists and is not disabled."""
        return self._accounts.is_enabled(user_id)

    def with_emails(self, jobs: Sequence[Listed]) -> list[Listed]:
        """The jobs with their owners' email addresses, for owners who still have an account."""
        emails = self._accounts.emails({job.owner_id for job in jobs})
        return [job.model_copy(update={"owner_email": emails.get(job.owner_id)}) for job in jobs]

    def setup_token(self) -> str | None:
        """The token needed to create the first account; None once it exists."""
        return None if self._accounts.any_exist() else self._setup_token

    def invite(self) -> str:
        """Create an invitation token for one account, valid for a week."""
        return self.links.invite(by=None).token

    # --- sessions

    def login(self, email: str, password: str, address: str) -> Session:
        """Sign in from `address`; takes as long for an unknown account as for a wrong password.

        Raises:
            errors.CredentialsWrong, errors.FieldInvalid, errors.TooManyRequests
        """
        email = normalised(email)
        self._throttle.login(email, address)
        user = self._accounts.by_email(email)
        password_hash = user.password_hash if user is not None else None
        if not self._passwords.match(password, password_hash) or user is None or user.disabled:
            self._failed(email, user)
            raise errors.CredentialsWrong
        self._throttle.login_succeeded(email, address)
        session = self._begin(user)
        self.audit.record("signed-in", user.id, by=str(user.id))
        return session

    def refresh(self, token: str) -> Session:
        """Rotate the refresh token, and create a new access token.

        Raises:
            errors.TokenInvalid
        """
        session, following = self._sessions.refresh(token)
        user = self._user_of(session)
        self._accounts.record_seen(user.id, self._now())
        return self._signed_in(user, session, following)

    def logout(self, token: str) -> None:
        """End the refresh token's session, if it is valid."""
        session = self._sessions.of_token(token)
        if session is not None:
            self._sessions.end(session.id)
            self.audit.record("signed-out", session.user_id, by=str(session.user_id))

    def logout_everywhere(self, caller: Caller) -> None:
        """End all of the caller's sessions and access tokens at once; API tokens stay valid."""
        user_id = ObjectId(caller.user_id)
        self._accounts.revoke_access(user_id)
        self._sessions.end_all(user_id)
        self.audit.record("signed-out-everywhere", user_id, by=caller.user_id)

    def change_password(self, caller: Caller, current: str, new: str, address: str) -> Session:
        """Replace the caller's password; all sessions end and a new one begins.

        Raises:
            errors.CredentialsWrong, errors.PasswordTooShort, errors.PasswordTooLong, errors.PasswordTooCommon
            errors.TooManyRequests
        """
        user = self._confirmed(caller, current, address)
        changed = self._replace_password(user, new)
        self.audit.record("password-changed", user.id, by=caller.user_id)
        return self._begin(changed)

    def reset_password(self, token: str, password: str, address: str) -> Session:
        """Set a new password through a reset link and sign in; all other sessions end.

        Raises:
            errors.ResetLinkInvalid
            errors.PasswordTooShort, errors.PasswordTooLong, errors.PasswordTooCommon
            errors.TooManyRequests
        """
        self._throttle.register(address)
        link, user = self.links.to_reset(token)
        hashed = self._passwords.hash_new(password, user.email)
        self.links.use(link)
        changed = self._accounts.change_password(user.id, hashed, expected_hash=user.password_hash)
        if changed is None:
            raise errors.ResetLinkInvalid
        self._sessions.end_all(user.id)
        self.audit.record("password-reset", user.id, by=str(user.id))
        return self._begin(changed)

    def delete_own(
        self, caller: Caller, password: str, address: str, *, forget: Callable[[str], object]
    ) -> None:
        """Delete the caller's account; `forget` is called with the id to remove everything they store.

        Raises:
            errors.CredentialsWrong, errors.LastAdministrator, errors.TooManyRequests
        """
        self._confirmed(caller, password, address)
        self.people.delete(caller.user_id, forget=forget, by=caller.user_id)

    def set_password(self, email: str, password: str) -> None:
        """Replace an account's password on behalf of an administrator; its sessions end.

        Raises:
            errors.NotFound, errors.PasswordTooShort, errors.PasswordTooLong, errors.PasswordTooCommon
        """
        user = self._accounts.by_email(normalised(email))
        if user is None:
            raise errors.NotFound(kind="account")
        self._replace_password(user, password)
        self.audit.record("password-set", user.id)

    def _check_setup_token(self, token: str | None) -> None:
        if not hmac.compare_digest((token or "").encode(), self._setup_token.encode()):
            raise errors.SetupTokenWrong

    def _register_user(self, email: str, password: str, invite: str | None) -> UserDocument:
        invitation = self._admit(invite)
        hashed = self._passwords.hash_new(password, email)
        if self._accounts.by_email(email) is not None:  # checked first, so as not to use up the invitation
            raise errors.EmailTaken
        if invitation is not None:
            self.links.use(invitation)
        return self._accounts.add(email, hashed, "user")

    def _admit(self, invite: str | None) -> LinkDocument | None:
        """The valid invitation; None: registration is open and needs none."""
        if self.registration == "closed":
            raise errors.RegistrationClosed
        if self.registration == "open":
            return None
        return self.links.invitation(invite or "")

    def _confirmed(self, caller: Caller, password: str, address: str) -> UserDocument:
        """The caller's account, once the password is verified."""
        self._throttle.login(caller.email, address)
        user = self._accounts.by_id(ObjectId(caller.user_id))
        if user is None or not self._passwords.match(password, user.password_hash):
            self._failed(caller.email, user)
            raise errors.CredentialsWrong
        self._throttle.login_succeeded(caller.email, address)
        return user

    def _failed(self, email: str, user: UserDocument | None) -> None:
        exists = user is not None
        self.audit.record("sign-in-failed", user and user.id, email=None if exists else email)

    def _reused(self, user_id: ObjectId) -> None:
        self.audit.record("refresh-reused", user_id)

    def _replace_password(self, user: UserDocument, password: str) -> UserDocument:
        changed = self._accounts.change_password(user.id, self._passwords.hash_new(password, user.email))
        if changed is None:
            raise errors.NotFound(kind="account")
        self._sessions.end_all(user.id)
        return changed

    def _begin(self, user: UserDocument) -> Session:
        session, refresh_token = self._sessions.begin(user.id)
        now = self._accounts.record_seen(user.id, self._now())
        # a concurrent change that ended all sessions since the password was checked has missed this one
        if now is None or now.disabled or now.token_version != user.token_version:
            self._sessions.end(session.id)
            raise errors.CredentialsWrong
        return self._signed_in(user, session, refresh_token)
