"""Disks that fill up during a write: a small disk in an unprivileged mount namespace."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.jobs.conftest import ROOT
from tests.support import clips

INSIDE = ("unshare", "--user", "--map-root-user", "--mount")


@pytest.fixture
def on_a_small_disk(tmp_path: Path) -> tuple[str, ...]:
    """Run a command with a disk of 100 kB at `disk`."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = (*INSIDE, "sh", "-c", 'mount -t tmpfs -o size=100k tmpfs "$0" && exec "$@"', str(disk))
    try:
        allowed = subprocess.run([*mounting, "true"], check=False, capture_output=True, text=True, timeout=20)
    except FileNotFoundError:
        pytest.skip("this system has no namespaces")
    if allowed.returncode:
        pytest.skip(f"namespaces are not allowed: {allowed.stderr.strip()}")
    return mounting


def test_full_disk_is_reported_and_nothing_half_written_is_left(
    on_a_small_disk: tuple[str, ...], tmp_path: Path
) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="640x480", seconds=1)
    argv = [*on_a_small_disk, sys.executable, "-m", "tests.hostile.full_disk"]
    result = subprocess.run(
        [*argv, str(tmp_path / "disk"), str(clip)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=100,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    attempts = ("upload", "upload in parts", "gif", "conversion")
    assert json.loads(result.stdout) == {attempt: ["disk-full", 0] for attempt in attempts}
