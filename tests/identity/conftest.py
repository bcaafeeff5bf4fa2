from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gifapp.identity.service import Identity, build_identity

SECRET = b"a secret of thirty-two bytes, no less"


@dataclass
class Clock:
    """A clock that a test moves; it starts yesterday, because PyJWT uses the real one."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=1))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)

    def to_real_time(self) -> None:
        self.now = datetime.now(UTC)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Build = Callable[..., Identity]


@pytest.fixture
def build(mongodb_url: str, redis_url: str) -> Iterator[Build]:
    """Builds Identity on real servers, with a cheap hash."""
    built: list[Identity] = []

    def build_on_servers(**options: Any) -> Identity:
        servers = {"mongodb_url": mongodb_url, "redis_url": redis_url}
        standard = {**servers, "secret": SECRET, "registration": "invite", "password_rounds": 4}
        identity = build_identity(**{**standard, **options})
        built.append(identity)
        return identity

    yield build_on_servers
    for identity in built:
        identity.close()


@pytest.fixture
def identity(build: Build) -> Identity:
    return build()
