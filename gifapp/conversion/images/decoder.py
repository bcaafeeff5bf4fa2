"""Decodes pictures and writes them to stdout as one NUT stream of raw video.

Runs as a child process under limits, since the pictures may be hostile. ``python -P -m
gifapp.conversion.images.decoder PATH WIDTH HEIGHT PIX_FMT 0,1,4`` writes the pictures with these numbers.
A rejected file gives one JSON object on stderr, `{"refused": code, "facts": {…}}`, and exit status 3.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
from PIL import Image

from gifapp import errors
from gifapp.conversion.images import collection
from gifapp.conversion.images.colour import in_mode

REFUSED = 3
_TIME_BASE = Fraction(1, 25)  # arbitrary: the reader counts the pictures


def main(name: str, width: str, height: str, pix_fmt: str, numbers: str) -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the reader may stop early
    refusals = _without_words_of_libraries()
    try:
        _stream(Path(name), (int(width), int(height)), pix_fmt, set(map(int, numbers.split(","))))
    except errors.SourceRefused as refused:
        json.dump({"refused": refused.code, "facts": refused.facts}, refusals)
        refusals.flush()
        return REFUSED
    return 0


def _without_words_of_libraries() -> IO[str]:
    """Reserve stderr for our JSON: dav1d prints its complaints about damaged AVIF files there."""
    refusals = os.fdopen(os.dup(sys.stderr.fileno()), "w")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stderr.fileno())
    return refusals


def _stream(path: Path, size: tuple[int, int], pix_fmt: str, numbers: set[int]) -> None:
    with collection.opened(path) as source, av.open("pipe:1", "w", format="nut") as out:
        stream: Any = out.add_stream("rawvideo")
        stream.width, stream.height = size
        stream.pix_fmt, stream.time_base = pix_fmt, _TIME_BASE
        for at, image in enumerate(source.shown(numbers.__contains__)):
            out.mux(_packet(_fitted(image, size, pix_fmt), at, stream))


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


def _packet(image: Image.Image, at: int, stream: Any) -> Any:
    packet: Any = av.Packet(image.tobytes())
    packet.stream, packet.time_base = stream, _TIME_BASE
    packet.pts = packet.dts = at
    packet.is_keyframe = True
    return packet


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
