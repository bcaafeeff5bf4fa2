"""Account vocabulary: roles, scopes, kinds of links and of security events."""

from __future__ import annotations

from typing import Literal

Role = Literal["user", "administrator"]
Scope = Literal["read", "write", "admin"]

LinkKind = Literal["invitation", "reset"]

AuditKind = Literal[
    "registered",
    "account-made",
    "invited",
    "signed-in",
    "sign-in-failed",
    "refresh-reused",
    "signed-out",
    "signed-out-everywhere",
    "password-changed",
    "password-set",
    "password-reset",
    "reset-link-made",
    "link-revoked",
    "token-made",
    "token-used",
    "token-revoked",
    "role-changed",
    "disabled",
    "enabled",
    "deleted",
]
