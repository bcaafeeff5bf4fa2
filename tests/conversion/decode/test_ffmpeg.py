import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gifapp import confinement, errors
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Look, Recipe
from tests.support import clips

BLURRED = Look(blur_px=10)  # makes decoding several times as slow


def read(path: Path, limits: Limits, after_first: Callable[[], None] = lambda: None) -> int:
    """Count the frames; call `after_first` once the first has arrived."""
    video = probe(path, limits=limits)
    plan = make_plan(video, Recipe(fps=50.0, speed=0.1, width_px=1280, look=BLURRED), limits)
    with closing(ffmpeg.frames(path, video, plan, limits=limits, checkpoint=lambda: None)) as frames:
        next(frames)
        after_first()
        return 1 + sum(1 for _ in frames)


def test_ffmpeg_over_its_cpu_limit_is_reported_as_too_slow() -> None:
    with pytest.raises(errors.ConversionTooSlow):
        read(clips.real_clip(), Limits(deadline_s=0.5))


def test_video_with_too_many_reference_pictures_is_refused(tmp_path: Path) -> None:
    """Each picture refers to 16 others of 25 MB; without the memory, ffmpeg would repeat the last picture."""
    keeping = ("-pix_fmt", "yuv444p10le", "-x264-params", "ref=16:bframes=0:keyint=100")
    path = clips.pattern(
        tmp_path / "a.mp4",
        size="2048x2048",
        seconds=0.8,
        to=("-c:v", "libx264", *keeping, "-preset", "ultrafast"),
    )
    limits = Limits(memory_bytes=700_000_000)
    video = probe(path, limits=limits)
    plan = make_plan(video, Recipe(width_px=64), limits)
    frames = ffmpeg.frames(path, video, plan, limits=limits, checkpoint=lambda: None)
    with closing(frames), pytest.raises(errors.ConversionTooBig):
        list(frames)


@pytest.mark.parametrize(
    "words", ["Cannot allocate memory", "[h264] get_buffer() failed", "[out#0] pthread_create() failed"]
)
def test_lack_of_memory_is_recognised_before_many_other_errors(words: str) -> None:
    """On a busy machine all errors are read at once, after ffmpeg has ended."""
    argv = ["sh", "-c", f"exec >&2; echo '{words}'; head -c 9000 /dev/zero"]
    checked = ffmpeg._Ffmpeg(argv, subprocess.DEVNULL, [], Limits(), lambda: None)
    with closing(checked):
        assert checked.ending().is_out_of_memory


def test_one_ffmpeg_gets_two_gigabytes_of_a_larger_limit() -> None:
    limits, bounds = Limits(memory_bytes=8 * 1024**3), list[tuple[int, int]]()

    def look() -> None:
        decoders = [child for child in psutil.Process().children() if "ffmpeg" in child.name()]
        bounds.extend(child.rlimit(psutil.RLIMIT_AS) for child in decoders)

    read(clips.real_clip(), limits, after_first=look)
    assert bounds == [(2 * 1024**3,) * 2]


def test_pictures_above_the_limit_are_not_decoded(tmp_path: Path) -> None:
    clip, limits = clips.pattern(tmp_path / "a.mp4", size="64x48", seconds=0.2), Limits()
    video = probe(clip, limits=limits)
    plan = make_plan(video, Recipe(), limits)
    lower = replace(limits, max_pixels=64 * 48 - 1)  # as if the file had changed since it was probed
    frames = ffmpeg.frames(clip, video, plan, limits=lower, checkpoint=lambda: None)
    with closing(frames), pytest.raises(errors.ConversionTooBig):
        next(frames)


@pytest.mark.parametrize("playlist", clips.PLAYLISTS)
def test_playlist_swapped_in_for_a_video_is_not_followed(
    tmp_path: Path, playlist: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "landlock_version", lambda: 0)  # it would prevent that, too
    limits, clip = Limits(), clips.pattern(tmp_path / "anothers.ts", seconds=0.2)
    video = probe(clip, limits=limits)
    (tmp_path / playlist).write_text(clips.PLAYLISTS[playlist])
    plan = make_plan(video, Recipe(), limits)
    frames = ffmpeg.frames(tmp_path / playlist, video, plan, limits=limits, checkpoint=lambda: None)
    with closing(frames), pytest.raises(errors.SourceDamaged):
        next(frames)


def test_ffmpeg_killed_from_outside_is_reported_as_a_crash() -> None:
    def kill() -> None:
        for child in psutil.Process().children():
            if "ffmpeg" in child.name():
                os.kill(child.pid, signal.SIGKILL)

    with pytest.raises(errors.ConversionCrashed):
        read(clips.real_clip(), Limits(), after_first=kill)
