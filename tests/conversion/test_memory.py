"""The memory that a conversion takes, including ffmpeg's."""

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.support import clips
from tests.support.letters import run_ffmpeg

MAX_BYTES = 300e6


def peak_bytes(argv: list[str]) -> int:
    """The peak memory of a program and its child processes; shared pages count for each."""
    peak = 0
    with psutil.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as program:
        ours = program.cmdline()
        while program.poll() is None:
            children = program.children(recursive=True)
            peak = max(
                peak, resident_bytes(program) + sum(resident_bytes(child, unless=ours) for child in children)
            )
            time.sleep(0.02)
        assert program.returncode == 0, program.stderr.read()
    return peak


def resident_bytes(process: psutil.Process, *, unless: list[str] | None = None) -> int:
    try:
        # between fork and exec a child is a copy of its parent
        return 0 if process.cmdline() == unless else int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


@pytest.mark.parametrize("direction", ["forward", "boomerang"])
def test_memory_does_not_grow_with_the_clip(tmp_path: Path, direction: str) -> None:
    def peak_of(seconds: int) -> int:
        clip = clips.pattern(tmp_path / f"{seconds}.mp4", size="640x360", seconds=seconds)
        argv = [sys.executable, "-m", "gifapp", "convert", str(clip), "--direction", direction]
        return peak_bytes(argv)

    short, long = peak_of(4), peak_of(20)
    assert long < 1.3 * short
    assert long < MAX_BYTES


@pytest.mark.parametrize("at", ["in the middle", "at the end"])
def test_picture_shown_for_a_minute_is_stored_once(tmp_path: Path, at: str) -> None:
    """Like a screen recording in which nothing happens: 3000 frames would take 2 GB."""
    shown = {"in the middle": "if(eq(N\\,0)\\,0\\,60)", "at the end": "N*0.04"}[at]
    clip = tmp_path / "held.mkv"
    picture = f"testsrc2=size=640x360:rate=25:duration=0.2,settb=1/1000,setpts={shown}/TB"
    last = ("-bsf:v", "setts=duration=if(eq(N\\,4)\\,1500\\,DURATION)") if at == "at the end" else ()
    run_ffmpeg("-f", "lavfi", "-i", picture, "-c:v", "ffv1", "-fps_mode", "passthrough", *last, clip)
    argv = ["-m", "gifapp", "convert", str(clip), "--fps", "50", "--width", "640"]
    assert peak_bytes([sys.executable, *argv]) < MAX_BYTES
