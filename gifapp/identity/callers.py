"""The authenticated caller and what they may do; the result of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gifapp import errors
from gifapp.domain.accounts import Role, Scope
from gifapp.domain.views.jobs import UserView

Need = Scope | Literal["session"]
"""What a request needs: a scope of an API token's, or somebody who has signed in."""


@dataclass(frozen=True)
class Caller:
    """Who asks: good until `expires_at`, and no longer than the session or the API token lives.

    `scopes` are those of an API token; None: somebody signed in, who may do all that is theirs.
    """

    user_id: str
    email: str
    role: Role
    session_id: str  # empty for an API token
    expires_at: datetime
    scopes: frozenset[Scope] | None = None

    def check(self, need: Need) -> None:
        """Refuse what this API token is not for.

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
    """What signing in gives: an access token for `expires_in` seconds, a refresh token for longer."""

    user: UserView
    access_token: str
    expires_in: int
    refresh_token: str
    refresh_expires_in: int
