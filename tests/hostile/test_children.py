"""Every process that touches an untrusted file runs under limits, checked from outside."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from gifapp import confinement, convert, processes
from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.encoders.encoder_process import FfmpegEncoder
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.text.subtitle_tracks import with_text_track
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe, Segment
from gifapp.jobs.attempts.conversion_process import ConversionRequest, Done, ProgressMessage
from gifapp.jobs.attempts.forkserver import ForkServer
from tests.conversion.images.files import folder_of, saved
from tests.conversion.text.test_subtitle_tracks import SRT, film
from tests.jobs.conftest import ROOT
from tests.support import clips

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what holds them is Linux's")
needs_landlock = pytest.mark.skipif(not confinement.landlock_version(), reason="the kernel has no Landlock")

LIMITS = Limits(memory_bytes=3 * 1024**3)
BOUNDS = ("AS", "CPU", "FSIZE", "NOFILE", "NPROC", "CORE")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_MONGODB_URL", "mongodb://user:secret@host")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def assert_is_held(child: psutil.Process) -> None:
    bounds = {kind: child.rlimit(getattr(psutil, f"RLIMIT_{kind}"))[1] for kind in BOUNDS}
    assert [kind for kind, most in bounds.items() if most == psutil.RLIM_INFINITY] == []
    assert bounds["AS"] <= LIMITS.memory_bytes
    assert "Seccomp:\t2" in Path(f"/proc/{child.pid}/status").read_text(), "it could open connections"
    assert [name for name in child.environ() if name.startswith("GIFAPP_")] == []


def held(word: str) -> bool:
    """Whether a child process has this word in its command line; asserts that it is limited."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended
            if word in child.cmdline():
                assert_is_held(child)
                return True
    return False


def test_inspection_is_limited() -> None:
    seen: list[bool] = []
    probe(
        clips.real_clip(),
        limits=LIMITS,
        checkpoint=lambda: seen.append(held("gifapp.conversion.probing.inspection")),
    )
    assert any(seen)


def frames(path: Path) -> Generator[object]:
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(width_px=1280), LIMITS)
    return ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None)


def test_video_decoding_is_limited() -> None:
    with closing(frames(clips.real_clip())) as decoded:
        next(decoded)
        assert held("-protocol_whitelist")


def test_picture_decoding_is_limited(tmp_path: Path) -> None:
    noise = saved(Image.fromarray(np.random.default_rng(1).integers(0, 255, (999, 999, 3), np.uint8)))
    with closing(frames(folder_of(tmp_path / "pictures", {f"{n}.png": noise for n in range(9)}))) as decoded:
        next(decoded)
        assert held("gifapp.conversion.images.decoder")


def test_encoding_of_other_formats_is_limited(tmp_path: Path) -> None:
    words = ("-c:v", "apng", "-f", "apng")
    with closing(FfmpegEncoder(words, tmp_path / "out", limits=LIMITS, checkpoint=lambda: None)):
        assert held("apng")


class Children(list[tuple[list[str], dict[str, Any]]]):
    """The command of each child that was started, and the options of `processes.spawn`."""

    def options(self, word: str) -> dict[str, Any]:
        """The options of the child whose command has this word."""
        return next(options for argv, options in self if word in argv)

    def readable(self, word: str) -> Sequence[Path] | None:
        """What the child may read whose command has this word."""
        readable: Sequence[Path] | None = self.options(word).get("readable")
        return readable


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    started, spawn = Children(), processes.spawn

    def recording(argv: Sequence[str], **options: Any) -> subprocess.Popen[Any]:
        started.append(([*argv], options))
        return spawn(argv, **options)

    monkeypatch.setattr(processes, "spawn", recording)
    return started


def test_extraction_of_subtitles_is_limited(tmp_path: Path, children: Children) -> None:
    video = film(tmp_path, "film.mkv", (SRT, "srt"))
    with_text_track(Recipe(subtitles="track:1"), video, limits=LIMITS, checkpoint=lambda: None)
    for word in ("gifapp.conversion.text.track_listing", "-c:s"):
        options = children.options(word)
        with processes.spawn(["sleep", "60"], limits=options["limits"], env=options["env"]) as like_it:
            assert_is_held(psutil.Process(like_it.pid))
            like_it.kill()


def can_read(path: Path, readable: Sequence[Path] | None) -> bool:
    """Whether a child confined in this way opens the file."""
    code = "import sys\ntry: open(sys.argv[1])\nexcept PermissionError: sys.exit(9)"
    status = processes.spawn([sys.executable, "-c", code, str(path)], readable=readable).wait(30)
    assert status in (0, 9)
    return status == 0


@needs_landlock
def test_children_that_read_a_video_cannot_read_the_signing_secret(
    tmp_path: Path, children: Children
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("signs everything")
    video = film(tmp_path, "film.mkv", (SRT, "srt"))
    convert(video, Recipe(subtitles="track:1", width_px=32, segments=(Segment(end_s=0.2),)))
    listing, text = "gifapp.conversion.text.track_listing", "-c:s"
    for word in ("gifapp.conversion.probing.inspection", listing, text, "-vf"):
        assert not can_read(secret, children.readable(word))
        assert can_read(video, children.readable(word))


@needs_landlock
def test_children_that_read_pictures_cannot_read_the_signing_secret(
    tmp_path: Path, children: Children
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("signs everything")
    convert(folder_of(tmp_path / "pictures", {"1.png": saved(Image.new("RGB", (8, 8)))}))
    for word in ("gifapp.conversion.images.decoder", "-vf"):
        assert not can_read(secret, children.readable(word))


@needs_landlock
def test_conversion_cannot_read_the_signing_secret(tmp_path: Path) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="32x32", seconds=0.2)
    for name in ("secret", "other.mp4"):
        (tmp_path / name).write_text("not for this conversion")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    request = ConversionRequest(clip, probe(clip, limits=LIMITS), Recipe(), scratch, LIMITS)
    server = ForkServer("tests.jobs.converters:counts_the_files_beside_the_source_that_it_can_read")
    server.ensure_running()
    with server.convert(request) as conversion:
        message = conversion.receive(30)
    server.stop()
    assert isinstance(message, Done)
    assert message.bytes == 0


@pytest.mark.parametrize("nice", [0, 10])
def test_conversion_takes_its_requests_niceness(tmp_path: Path, nice: int) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="32x32", seconds=0.2)
    order = ConversionRequest(clip, probe(clip, limits=LIMITS), Recipe(), tmp_path, LIMITS, nice=nice)
    server = ForkServer("tests.jobs.converters:tells_its_niceness")
    server.ensure_running()
    with server.convert(order) as conversion:
        message = conversion.receive(30)
    server.stop()
    assert isinstance(message, Done)
    assert message.bytes == os.nice(0) + nice


def test_conversion_is_limited(tmp_path: Path) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="32x32", seconds=0.2)
    order = ConversionRequest(clip, probe(clip, limits=LIMITS), Recipe(), tmp_path, LIMITS)
    server = ForkServer("tests.jobs.converters:slow")
    server.ensure_running()
    with server.convert(order) as conversion:
        assert isinstance(conversion.receive(30), ProgressMessage)
        assert_is_held(psutil.Process(conversion.pid))
    server.stop()
