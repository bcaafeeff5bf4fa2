"""What the service's commands build from the settings and hand down."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from gifapp import errors
from gifapp.settings import Settings
from gifapp.up.directory import running_service

_SECRET_BYTES = 32


def located(settings: Settings) -> Settings:
    """The settings with the addresses of Redis and MongoDB: configured, or of the `gifapp up` that runs.

    Raises:
        errors.ServiceNotFound: neither.
    """
    if settings.redis_url and settings.mongodb_url:
        return settings
    service = running_service(settings.data_dir)
    if service is None:
        raise errors.ServiceNotFound(path=settings.data_dir)
    return settings.model_copy(update={"redis_url": service.redis_url, "mongodb_url": service.mongodb_url})


def read_secret(settings: Settings) -> bytes:
    """The signing secret; made when there is none yet.

    Raises:
        errors.SettingInvalid: the file cannot be read or made, or holds too little.
    """
    path = settings.secret_file or settings.data_dir / "secret.key"
    try:
        _make_secret(path)
        secret = path.read_bytes().strip()
    except OSError as refused:
        raise errors.SettingInvalid(
            name="GIFAPP_SECRET_FILE", problem=f"{path}: {refused.strerror}"
        ) from None
    if len(secret) < _SECRET_BYTES:
        problem = f"{path} must hold at least {_SECRET_BYTES} bytes"
        raise errors.SettingInvalid(name="GIFAPP_SECRET_FILE", problem=problem)
    return secret


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # web and workers start together: the first one makes it, whole, and the others read it
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    if not path.exists():
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(_SECRET_BYTES))
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
