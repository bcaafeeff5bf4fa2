"""Builds the service's parts from the settings."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from gifapp import errors, private
from gifapp.jobs.db import locks
from gifapp.jobs.parts import JobParts
from gifapp.jobs.timings import Timings
from gifapp.settings import Settings
from gifapp.storage.blobs import Blobs, open_blobs
from gifapp.storage.disk import make_folders
from gifapp.up.directory import running_service

if TYPE_CHECKING:
    from gifapp.identity.service import Identity

_SECRET_BYTES = 32
_SCRAPE_TOKEN_BYTES = 16


@dataclass(frozen=True)
class Foundation:
    """The settings, server URLs and secret that every process of the service needs."""

    settings: Settings
    redis_url: str
    mongodb_url: str
    secret: bytes

    def build_jobs(self) -> JobParts:
        """The parts of the job system, connected; the caller closes them."""
        return JobParts(
            mongodb_url=self.mongodb_url,
            redis_url=self.redis_url,
            blobs=open_storage(self.settings),
            secret=self.secret,
            limits=self.settings.limits,
            allowance=self.settings.allowance,
            timings=Timings(drain_s=self.settings.drain_s),
        )

    def build_identity(self) -> Identity:
        """The accounts and sessions, connected; the caller closes them."""
        from gifapp.identity.service import build_identity

        return build_identity(
            mongodb_url=self.mongodb_url,
            redis_url=self.redis_url,
            secret=self.secret,
            registration=self.settings.registration,
            audit_retention=timedelta(days=self.settings.audit_days),
            rates=self.settings.rates,
        )


def open_storage(settings: Settings) -> Blobs:
    """Open the storage of videos and GIFs; creates its folder.

    Raises:
        errors.SettingInvalid, errors.DirectoryNotWritable, errors.NotPrivate
    """
    make_folders(settings.data_dir.resolve(), ["work" if settings.storage_url else "storage"])
    return open_blobs(
        storage_url(settings),
        work_dir=settings.data_dir.resolve() / "work",
        cache_bytes=settings.storage_cache_bytes,
        take_turn=locks.exclusive,
    )


def storage_url(settings: Settings) -> str:
    """The URL of the storage: as configured, or in the data directory."""
    return settings.storage_url or (settings.data_dir.resolve() / "storage").as_uri()


def prepare(settings: Settings) -> Foundation:
    """Find the servers (configured, or of a running `gifapp up`) and the secret.

    Raises:
        errors.ServiceNotFound: there are no servers.
        errors.SettingInvalid: there is no usable secret.
    """
    redis_url, mongodb_url = settings.redis_url, settings.mongodb_url
    if not (redis_url and mongodb_url):
        service = running_service(settings.data_dir)
        if service is None:
            raise errors.ServiceNotFound(path=settings.data_dir)
        redis_url, mongodb_url = redis_url or service.redis_url, mongodb_url or service.mongodb_url
    return Foundation(settings, redis_url, mongodb_url, read_secret(settings))


def read_secret(settings: Settings) -> bytes:
    """Read the signing secret; it is created if missing.

    Raises:
        errors.SettingInvalid: the file cannot be read or created, or is too short.
        errors.NotPrivate: another user created it.
    """
    path = settings.secret_file or settings.data_dir / "secret.key"
    try:
        _make_secret(path)
        text = private.read_named(path) if settings.secret_file else private.read(path)
        secret = text.strip()
    except OSError as refused:
        raise errors.SettingInvalid(
            name="GIFAPP_SECRET_FILE", problem=f"{path}: {refused.strerror}"
        ) from None
    if len(secret) < _SECRET_BYTES:
        problem = f"{path} must hold at least {_SECRET_BYTES} bytes"
        raise errors.SettingInvalid(name="GIFAPP_SECRET_FILE", problem=problem)
    return secret


def read_scrape_token(settings: Settings) -> bytes | None:
    """Read the token that gives access to `/metrics`; None: only administrators have access.

    Raises:
        errors.SettingInvalid: the file cannot be read, or is too short.
    """
    path = settings.metrics_token_file
    if path is None:
        return None
    try:
        token = private.read_named(path).strip()
    except OSError as refused:
        problem = f"{path}: {refused.strerror}"
        raise errors.SettingInvalid(name="GIFAPP_METRICS_TOKEN_FILE", problem=problem) from None
    if len(token) < _SCRAPE_TOKEN_BYTES:
        problem = f"{path} must hold at least {_SCRAPE_TOKEN_BYTES} bytes"
        raise errors.SettingInvalid(name="GIFAPP_METRICS_TOKEN_FILE", problem=problem)
    return token


def _make_secret(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # web and workers start at the same time: the first creates the file atomically, the others read it
    aside = private.beside(path)
    if not path.exists():
        with private.create(aside) as out:
            out.write(secrets.token_hex(_SECRET_BYTES).encode())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(aside)
        aside.unlink()
