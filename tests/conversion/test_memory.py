"""How much memory a conversion takes, ffmpeg included."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests import clips

MOST_BYTES = 300e6


def peak_bytes(argv: list[str]) -> int:
    """The most that a program and its children had in memory; what they share counts for each."""
    peak = 0
    with psutil.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as program:
        while program.poll() is None:
            peak = max(peak, sum(resident_bytes(one) for one in [program, *program.children(recursive=True)]))
            time.sleep(0.02)
        assert program.returncode == 0, program.stderr.read()
    return peak


def resident_bytes(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@pytest.mark.parametrize("direction", ["forward", "boomerang"])
def test_memory_is_flat_in_the_length_of_the_clip(tmp_path: Path, direction: str) -> None:
    def peak_of(seconds: int) -> int:
        clip = clips.pattern(tmp_path / f"{seconds}.mp4", size="640x360", seconds=seconds)
        argv = [sys.executable, "-m", "gifapp", "convert", str(clip), "--direction", direction]
        return peak_bytes(argv)

    short, long = peak_of(1), peak_of(6)
    assert long < 1.2 * short
    assert long < MOST_BYTES
