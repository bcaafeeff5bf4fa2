"""The authenticated caller and what they may do; the result of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gifapp import errors
from gifapp.domain.accounts import Role, Scope
from gifapp.domain.views.jobs import UserView

Need = Scope | Literal["session"]
"""What a request requires: a scope of an API token, or a session (no API token)."""


@dataclass(frozen=True)
class Caller:
    """The authenticated caller, valid until `expires_at` or until the session or API token ends.

    `scopes` are those of an API token; None: a signed-in user, without scope limits.
    """

    user_id: str
    email: str
    role: Role
    session_id: str  # empty for an API token
    expires_at: datetime
    scopes: frozenset[Scope] | None = None

    def check(self, need: Need) -> None:
        """Check that the caller's API token, if any, permits this.

        Raises:
            errors.SessionNeeded, errors.ScopeMissing
        """
        if self.scopes is None:
            return
        if need == "session":
            raise errors.SessionNeeded
        if need not in self.scopes:
            raise errors.ScopeMissing(scope=need)


@dataclass(frozen=True)
class Session:
    """The result of signing in: an access token valid for `expires_in` seconds, and a refresh token."""

    user: UserView
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
