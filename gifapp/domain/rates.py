"""Rate limits, in the notation of the `limits` package. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

RATE = r"^[1-9]\d{0,8}/([1-9]\d{0,4} )?(second|minute|hour|day)s?$"
"""The pattern of a rate such as 600/minute or 10/5 minutes."""

RequestKind = Literal["reads", "writes", "uploads", "parts", "submits", "websockets", "pages", "views"]


@dataclass(frozen=True)
class Rates:
    """Limits for passwords and new accounts, then for requests: per account, or per address if signed out."""

    login_by_address: str = "30/minute"
    login_by_account: str = "10/5 minutes"
    register_by_address: str = "30/hour"
    reads: str = "6000/minute"
    writes: str = "600/minute"
    uploads: str = "300/minute"
    parts: str = "60000/minute"
    submits: str = "120/minute"
    websockets: str = "60/minute"
    pages: str = "30/minute"
    views: str = "1200/minute"
