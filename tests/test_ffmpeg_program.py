"""Which ffmpeg is used; with imageio-ffmpeg as `pip install --no-binary imageio-ffmpeg` leaves it, too."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import imageio_ffmpeg
import pytest

from gifapp.ffmpeg_program import ffmpeg_program

SAY = """
from gifapp import errors
from gifapp.ffmpeg_program import ffmpeg_program
try: print(ffmpeg_program())
except errors.FfmpegMissing as missing: print(missing)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """imageio-ffmpeg without a program of its own, and an empty PATH."""
    package = Path(imageio_ffmpeg.__file__).parent
    shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("ffmpeg-*"))
    (tmp_path / "programs").mkdir()
    return os.environ | {"PYTHONPATH": str(tmp_path), "PATH": str(tmp_path / "programs")}


def said(environment: dict[str, str]) -> str:
    argv = [sys.executable, "-c", SAY]
    return subprocess.run(argv, env=environment, check=True, capture_output=True, text=True).stdout.rstrip()


def test_ffmpeg_is_the_one_from_imageio_ffmpeg() -> None:
    assert ffmpeg_program() == imageio_ffmpeg.get_ffmpeg_exe()


def test_without_that_it_is_the_one_on_path(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "programs" / "ffmpeg").symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    assert said(environment) == "ffmpeg"


def test_without_any_one_sentence_says_so(environment: dict[str, str]) -> None:
    assert said(environment).startswith("No ffmpeg was found. Reinstall imageio-ffmpeg")


def test_ffmpeg_setting_takes_precedence(environment: dict[str, str]) -> None:
    assert said(environment | {"IMAGEIO_FFMPEG_EXE": "/opt/ffmpeg"}) == "/opt/ffmpeg"
