"""The machine checks of `gifapp doctor`, with advice."""

from __future__ import annotations

import os
import platform
import resource
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from gifapp import confinement, errors, processes
from gifapp.ffmpeg_program import ffmpeg_program
from gifapp.settings import Settings
from gifapp.up.checks import NEEDED_BYTES
from gifapp.up.mongod import OLDEST_MAINTAINED, mongod_for, version_of
from gifapp.up.programs import MONGOD, REDIS_SERVER

State = Literal["ok", "look", "broken"]

_OPEN_FILES = 4096
_FFMPEG_S = 20
_LOADS_DECODERS = "import av, numpy, PIL.Image"


@dataclass(frozen=True)
class Finding:
    """The result of one check, with advice; `look` means that it works, but may not for long."""

    name: str
    state: State
    found: str
    advice: str = ""


def of_this_machine(settings: Settings) -> Iterator[Finding]:
    """Check what is installed, writable and large enough on this machine."""
    yield Finding("gifapp", "ok", f"{version('gifapp')} on Python {platform.python_version()}")
    ffmpeg = _ffmpeg()
    yield ffmpeg
    if sys.platform == "linux" and ffmpeg.state == "ok":
        yield _confinement()
    yield _directory(settings.data_dir)
    yield _room(settings.data_dir)
    yield _secret(settings.secret_file or settings.data_dir / "secret.key")
    yield _open_files()
    if settings.redis_url is None:
        yield _redis_server()
    if settings.mongodb_url is None:
        yield _mongod(settings.data_dir)
    yield _address(settings)


def _ffmpeg() -> Finding:
    try:
        program = ffmpeg_program()
        output = subprocess.run(
            [program, "-version"], check=True, capture_output=True, text=True, timeout=_FFMPEG_S
        ).stdout
    except (errors.FfmpegMissing, OSError, subprocess.SubprocessError) as failed:
        advice = "pip install --force-reinstall imageio-ffmpeg, or set IMAGEIO_FFMPEG_EXE to one that works"
        return Finding("ffmpeg", "broken", str(failed).splitlines()[0], advice)
    return Finding("ffmpeg", "ok", f"{output.split()[2]} at {program}")


def _confinement() -> Finding:
    """Whether decoders are kept from this user's files, and still find their libraries."""
    if not confinement.landlock_version():
        advice = (
            "use Linux 5.13 or later with Landlock enabled, so that a hostile video cannot read your files"
        )
        return Finding("confinement", "look", "the kernel has no Landlock", advice)
    for argv in ([ffmpeg_program(), "-version"], [sys.executable, "-c", _LOADS_DECODERS]):
        child = processes.spawn(argv, readable=[], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if child.wait(_FFMPEG_S) != 0:
            advice = "install it in /usr or in gifapp's virtual environment, without links to other places"
            return Finding("confinement", "broken", f"{argv[0]} does not find its libraries", advice)
    return Finding("confinement", "ok", "decoders can read only their file (Landlock)")


def _directory(path: Path) -> Finding:
    nearest = _nearest_existing(path)
    if os.access(nearest, os.W_OK | os.X_OK):
        return Finding("data directory", "ok", f"{path}{'' if nearest == path else '; it will be created'}")
    advice = "choose another with --data-dir, or change its owner"
    return Finding("data directory", "broken", f"{path} is not writable", advice)


def _nearest_existing(path: Path) -> Path:
    return next(directory for directory in (path, *path.absolute().parents) if directory.exists())


def _room(path: Path) -> Finding:
    nearest = _nearest_existing(path)
    free_bytes = shutil.disk_usage(nearest).free
    free = f"{free_bytes / 1e9:.1f} GB free at {nearest}"
    advice = "free some space, or choose another disk with --data-dir; GIFAPP_RETENTION_DAYS deletes old jobs"
    if free_bytes > 10 * NEEDED_BYTES:
        return Finding("disk space", "ok", free)
    return Finding("disk space", "look" if free_bytes > NEEDED_BYTES else "broken", free, advice)


def _secret(path: Path) -> Finding:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Finding("secret", "ok", f"{path} will be created at the first start")
    except OSError as refused:
        return Finding("secret", "broken", f"{path}: {refused.strerror}", "give gifapp's user read access")
    if not stat.S_ISREG(mode):
        return Finding("secret", "broken", f"{path} is not a file", "name another in GIFAPP_SECRET_FILE")
    if mode & 0o077:
        return Finding("secret", "broken", f"other users can read {path}", f"chmod 600 {path}")
    return Finding("secret", "ok", f"{path}, readable only by its owner")


def _open_files() -> Finding:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < _OPEN_FILES:
        advice = f"ulimit -n {_OPEN_FILES}, or LimitNOFILE in systemd: each visitor needs about a dozen"
        return Finding("open files", "look", f"{soft} at once", advice)
    return Finding("open files", "ok", f"{soft} at once")


def _redis_server() -> Finding:
    try:
        return Finding("redis-server", "ok", str(REDIS_SERVER.find()))
    except errors.ServerMissing:
        return Finding("redis-server", "broken", "not found", REDIS_SERVER.advice)


def _mongod(data_dir: Path) -> Finding:
    try:
        program = mongod_for(data_dir / "mongodb")
    except errors.ServerMissing:
        return Finding("mongod", "broken", "not found", MONGOD.advice)
    except errors.MongodbDataForeign as foreign:
        return Finding("mongod", "broken", str(foreign), "see docs/administration.md")
    version = version_of(program)
    if version is None:
        return Finding("mongod", "broken", f"{program} does not run", MONGOD.advice)
    return of_mongodb("mongod", version, f"{'.'.join(map(str, version))} at {program}")


def of_mongodb(name: str, version: Sequence[int], text: str) -> Finding:
    """Check whether this version of MongoDB still gets fixes."""
    if tuple(version) >= OLDEST_MAINTAINED:
        return Finding(name, "ok", text)
    advice = (
        "this version no longer gets security fixes: put mongod 7.0 on PATH, which gifapp up then uses, or "
        "set GIFAPP_MONGODB_URL to a maintained MongoDB (docs/administration.md)"
    )
    return Finding(name, "look", text, advice)


def _address(settings: Settings) -> Finding:
    is_open = settings.host not in ("127.0.0.1", "localhost", "::1")
    if is_open and not (settings.public_url or "").startswith("https:"):
        advice = (
            "put a TLS proxy in front (docs/deployment.md) and set GIFAPP_PUBLIC_URL to its https:// address"
        )
        return Finding("address", "look", f"{settings.host} is open to the network, without TLS", advice)
    return Finding("address", "ok", settings.url)
