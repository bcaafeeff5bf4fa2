"""Finds the ffmpeg program."""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from gifapp import errors


def ffmpeg_program() -> str:
    """The ffmpeg that `IMAGEIO_FFMPEG_EXE` names, else imageio-ffmpeg's own, else an installed one.

    Raises:
        errors.FfmpegMissing: there is none.
    """
    return os.environ.get("IMAGEIO_FFMPEG_EXE") or _own() or _installed()


@cache
def _own() -> str | None:
    """Its wheel's program; imageio-ffmpeg itself would run it once before it tells the path."""
    spec = find_spec("imageio_ffmpeg")
    if spec is None or spec.origin is None:
        return None
    return next(map(str, Path(spec.origin).parent.glob("binaries/ffmpeg-*")), None)


def _installed() -> str:
    import imageio_ffmpeg  # noqa: PLC0415  rarely needed

    try:
        program: str = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError:
        raise errors.FfmpegMissing from None
    return program
