"""Decodes pictures and writes their pixels to stdout.

Runs as a child process under limits, since the pictures may be hostile. With the arguments PATH WIDTH HEIGHT
PIX_FMT 0,1,4 it writes the pictures with these numbers.
A rejected file gives one JSON object on stderr, `{"refused": code, "facts": {…}}`, and exit status 3.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import IO

from PIL import Image

from gifapp import errors
from gifapp.conversion.images import collection
from gifapp.conversion.images.colour import in_mode

REFUSED = 3
_STRIP_BYTES = 1024 * 1024  # a copy of a whole picture may take 140 MB


def main(name: str, width: str, height: str, pix_fmt: str, numbers: str) -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the reader may stop early
    refusals = _with_libraries_silenced()
    try:
        _stream(Path(name), (int(width), int(height)), pix_fmt, set(map(int, numbers.split(","))))
    except errors.SourceRefused as refused:
        json.dump({"refused": refused.code, "facts": refused.facts}, refusals)
        refusals.flush()
        return REFUSED
    return 0


def _with_libraries_silenced() -> IO[str]:
    """Reserve stderr for our JSON: dav1d prints its complaints about damaged AVIF files there."""
    refusals = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    return refusals


def _stream(path: Path, size: tuple[int, int], pix_fmt: str, numbers: set[int]) -> None:
    with collection.opened(path) as source:
        for image in source.shown(numbers.__contains__):
            _write(_fitted(image, size, pix_fmt))
    sys.stdout.buffer.flush()


def _fitted(image: Image.Image, size: tuple[int, int], pix_fmt: str) -> Image.Image:
    """Letterbox into the first picture's size; the padding is transparent or black."""
    shown = in_mode(image, {"rgba": "RGBA", "rgb24": "RGB"}[pix_fmt])
    if shown.size == size:
        return shown
    scale = min(size[0] / shown.width, size[1] / shown.height)
    sides = max(1, round(shown.width * scale)), max(1, round(shown.height * scale))
    whole = Image.new(shown.mode, size)
    whole.paste(shown.resize(sides), ((size[0] - sides[0]) // 2, (size[1] - sides[1]) // 2))
    return whole


def _write(image: Image.Image) -> None:
    rows = max(1, _STRIP_BYTES // (image.width * len(image.mode)))
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        sys.stdout.buffer.write(strip.tobytes())
