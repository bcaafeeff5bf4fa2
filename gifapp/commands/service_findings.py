"""The service checks of `gifapp doctor`: storage, servers and workers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pymongo
import redis
from bson.codec_options import CodecOptions

from gifapp.commands.parts import open_storage, read_scrape_token, storage_url
from gifapp.errors import GifappError
from gifapp.redis_client import make_client
from gifapp.settings import Settings
from gifapp.up.directory import running_service
from gifapp.up.findings import Finding, of_mongodb

_WAIT_MS = 2000
_AWARE: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)
_WORKER_S = 20


def of_the_service(settings: Settings) -> Iterator[Finding]:
    yield _storage(settings)
    yield _metrics(settings)
    service = running_service(settings.data_dir)
    redis_url = settings.redis_url or (service and service.redis_url)
    mongodb_url = settings.mongodb_url or (service and service.mongodb_url)
    is_whole = redis_url is not None and mongodb_url is not None
    if not is_whole:
        yield Finding("service", "ok", "not running on this data directory; start it with gifapp up")
    if redis_url:
        yield _redis(redis_url)
    if mongodb_url:
        yield from _mongodb(mongodb_url, with_workers=is_whole)


def _storage(settings: Settings) -> Finding:
    if settings.storage_url is None and not (settings.data_dir / "storage").exists():
        return Finding("storage", "ok", "will be created in the data directory")
    try:
        open_storage(settings).check_writable()
    except GifappError as failed:
        advice = "make it writable: check that the share is mounted, or check the bucket and its keys"
        cause = f" ({failed.__cause__})" if failed.__cause__ else ""
        return Finding("storage", "broken", f"{failed}{cause}", advice)
    return Finding("storage", "ok", f"{storage_url(settings)}, writable")


def _metrics(settings: Settings) -> Finding:
    try:
        token = read_scrape_token(settings)
    except GifappError as wrong:
        return Finding("metrics", "broken", str(wrong), "see docs/metrics.md")
    return Finding(
        "metrics", "ok", "for administrators" if token is None else "for administrators and a scraper"
    )


def _redis(url: str) -> Finding:
    try:
        with make_client(url, timeout_s=_WAIT_MS / 1000) as client:
            info = client.info()
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except redis.AuthenticationError:
        return _refused("redis", "GIFAPP_REDIS_URL")
    except (redis.RedisError, ValueError) as unavailable:
        return Finding(
            "redis",
            "broken",
            f"no response ({type(unavailable).__name__})",
            "start it, or correct GIFAPP_REDIS_URL",
        )
    is_kept = bool(info.get("aof_enabled"))
    facts = f"{info.get('redis_version')}, append-only file {'on' if is_kept else 'off'}, {policy}"
    if not is_kept or policy != "noeviction":
        advice = (
            "set appendonly yes and maxmemory-policy noeviction; otherwise a restart of Redis delays jobs"
        )
        return Finding("redis", "look", facts, advice)
    return Finding("redis", "ok", facts)


def _mongodb(url: str, *, with_workers: bool) -> Iterator[Finding]:
    try:
        with pymongo.MongoClient[dict[str, object]](
            url, serverSelectionTimeoutMS=_WAIT_MS, tz_aware=True
        ) as client:
            info = client.server_info()
            yield of_mongodb("mongodb", info["versionArray"][:2], str(info["version"]))
            yield _clock(client.admin.command("hello", codec_options=_AWARE)["localTime"])
            if with_workers:
                yield _workers(client)
    except pymongo.errors.OperationFailure:
        yield _refused("mongodb", "GIFAPP_MONGODB_URL")
    except pymongo.errors.PyMongoError as unavailable:
        advice = "start it, or correct GIFAPP_MONGODB_URL"
        yield Finding("mongodb", "broken", f"no response ({type(unavailable).__name__})", advice)


def _refused(name: str, setting: str) -> Finding:
    return Finding(name, "broken", "user or password rejected", f"correct {setting}")


def _clock(server_time: datetime) -> Finding:
    apart_s = abs((datetime.now(UTC) - server_time).total_seconds())
    difference = f"{apart_s:.1f} s from MongoDB's"
    if apart_s > 5:
        return Finding("clock", "broken", difference, "run NTP on both: leases depend on the clock")
    return Finding("clock", "ok", difference)


def _workers(client: pymongo.MongoClient[dict[str, object]]) -> Finding:
    reports = list(client.get_default_database()["workers"].find({}, {"seen_at": 1}))
    now = datetime.now(UTC)
    alive = sum((now - worker["seen_at"]).total_seconds() < _WORKER_S for worker in reports)  # type: ignore[operator]
    if not alive:
        return Finding(
            "workers",
            "broken",
            "none running",
            "start gifapp workers; logs/workers.log says why they stopped",
        )
    return Finding("workers", "ok", f"{alive} running")
