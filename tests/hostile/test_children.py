"""Every process that touches a stranger's file is held while it runs: looked at from outside."""

import contextlib
import os
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.encoders.encoder_process import FfmpegEncoder
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.jobs.attempts.conversion_process import ConversionRequest, Done, ProgressMessage
from gifapp.jobs.attempts.forkserver import ForkServer
from tests.conversion.images.files import folder_of, saved
from tests.jobs.conftest import ROOT
from tests.support import clips

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what holds them is Linux's")

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
    """Whether a child of ours has the word in its command line; it must be held then."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended
            if word in child.cmdline():
                assert_is_held(child)
                return True
    return False


def test_who_looks_into_a_file_is_held() -> None:
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


def test_who_decodes_a_video_is_held() -> None:
    with closing(frames(clips.real_clip())) as decoded:
        next(decoded)
        assert held("-protocol_whitelist")


def test_who_opens_pictures_is_held(tmp_path: Path) -> None:
    noise = saved(Image.fromarray(np.random.default_rng(1).integers(0, 255, (999, 999, 3), np.uint8)))
    with closing(frames(folder_of(tmp_path / "pictures", {f"{n}.png": noise for n in range(9)}))) as decoded:
        next(decoded)
        assert held("gifapp.conversion.images.decoder")


def test_who_writes_another_format_is_held(tmp_path: Path) -> None:
    words = ("-c:v", "apng", "-f", "apng")
    with closing(FfmpegEncoder(words, tmp_path / "out", limits=LIMITS, checkpoint=lambda: None)):
        assert held("apng")


@pytest.mark.parametrize("nice", [0, 10])
def test_what_is_made_for_a_flood_gives_way_on_the_cpu(tmp_path: Path, nice: int) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="32x32", seconds=0.2)
    order = ConversionRequest(clip, probe(clip, limits=LIMITS), Recipe(), tmp_path, LIMITS, nice=nice)
    server = ForkServer("tests.jobs.converters:tells_its_niceness")
    server.ensure_running()
    with server.convert(order) as conversion:
        message = conversion.receive(30)
    server.stop()
    assert isinstance(message, Done)
    assert message.bytes == os.nice(0) + nice


def test_who_converts_is_held(tmp_path: Path) -> None:
    clip = clips.pattern(tmp_path / "clip.mp4", size="32x32", seconds=0.2)
    order = ConversionRequest(clip, probe(clip, limits=LIMITS), Recipe(), tmp_path, LIMITS)
    server = ForkServer("tests.jobs.converters:slow")
    server.ensure_running()
    with server.convert(order) as conversion:
        assert isinstance(conversion.receive(30), ProgressMessage)
        assert_is_held(psutil.Process(conversion.pid))
    server.stop()
