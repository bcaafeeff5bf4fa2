"""``python -m benchmarks.browser FOLDER``: checks that gifapp shows images as Chromium does.

Every GIF, PNG, WebP, AVIF and JPEG below FOLDER is decoded by Chromium's `ImageDecoder` (WebCodecs) and by
`gifapp.conversion.images.collection`. Size, pixels, delays and plays must be equal.
"""

from __future__ import annotations

import base64
import math
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, Route, sync_playwright

from gifapp.conversion.images import containers
from gifapp.conversion.images.compositor import composed
from gifapp.conversion.images.tiles import DAMAGE, shown_ms
from gifapp.domain.limits import Limits

TYPES = {
    ".gif": "image/gif",
    ".png": "image/png",
    ".apng": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
}
MAX_ERROR = 2  # of 255, premultiplied: rounding
LOSSY = (".jpg", ".jpeg", ".webp", ".avif")
MAX_MEAN_ERROR = 1.0  # for lossy formats: decoders differ in how they smooth colours
_ADDRESS = "http://localhost/"  # a secure context; no request leaves the page
_DECODE = """
async ([address, type]) => {
  const text = (bytes) => {
    let characters = "";
    for (let at = 0; at < bytes.length; at += 32768)
      characters += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(characters);
  };
  const data = await (await fetch(address)).arrayBuffer();
  const decoder = new ImageDecoder({data, type, premultiplyAlpha: "none"});
  await decoder.completed;
  await decoder.tracks.ready;
  const {frameCount, repetitionCount} = decoder.tracks.selectedTrack;
  const frames = [];
  for (let frameIndex = 0; frameIndex < frameCount; frameIndex++) {
    try {
      const {image} = await decoder.decode({frameIndex});
      const options = {format: "RGBA", colorSpace: "srgb"};
      const bytes = new Uint8Array(image.allocationSize(options));
      await image.copyTo(bytes, options);
      frames.push([image.displayWidth, image.displayHeight, image.duration, text(bytes)]);
      image.close();
    } catch (problem) {
      break;
    }
  }
  if (frames.length < 2) {  // as a page shows it: rotated, colour-managed, truncated images in part
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    const canvas = new OffscreenCanvas(picture.naturalWidth, picture.naturalHeight);
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
    if (frames.length || data.some((value) => value))
      frames[0] = [canvas.width, canvas.height, frames[0]?.[2], text(data)];
  }
  return {frames, repeats: repetitionCount === Infinity ? -1 : repetitionCount};
}
"""


@dataclass(frozen=True)
class GifStats:
    """How a file is displayed: RGBA frames, their delays, and the number of plays (0: for ever)."""

    frames: list[np.ndarray]
    delays_ms: list[float]
    plays: int


class Chromium:
    """A page that decodes images."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._data = b""
        page.route(f"{_ADDRESS}**", self._answer)
        page.goto(_ADDRESS)

    def shown(self, data: bytes, media_type: str) -> GifStats | None:
        """The file as Chromium shows it; None if it cannot show it."""
        self._data = data
        try:
            decoded: dict[str, Any] = self._page.evaluate(_DECODE, [f"{_ADDRESS}file", media_type])
        except Exception:  # noqa: BLE001  # whatever the error, Chromium cannot read the file
            return None
        frames = [
            np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width, 4)
            for width, height, _, pixels in decoded["frames"]
        ]
        delays_ms = [shown_ms((us or 0) / 1000) for _, _, us, _ in decoded["frames"]]
        return GifStats(frames, delays_ms, decoded["repeats"] + 1) if frames else None

    def _answer(self, route: Route) -> None:
        is_file = route.request.url.endswith("file")
        route.fulfill(body=self._data if is_file else b"", content_type="text/html")


@contextmanager
def chromium() -> Iterator[Chromium]:
    """Launch the program in $CHROMIUM, else the system's Chromium, else Playwright's."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield Chromium(browser.new_page())
        browser.close()


def shown_by_gifapp(data: bytes) -> GifStats | None:
    """The file as gifapp shows it; None if gifapp rejects it."""
    try:
        animation = containers.read(memoryview(data))
        if math.prod(max(animation.sizes(), key=math.prod)) > Limits().max_pixels:
            return None
        frames = [np.asarray(image.convert("RGBA")) for image in composed(animation)]
    except DAMAGE:
        return None
    return GifStats(frames, [tile.delay_ms for tile in animation.tiles], animation.plays or 0)


def difference(ours: GifStats | None, theirs: GifStats | None, *, is_lossy: bool = False) -> str | None:
    """Describe the first difference; None if there is none."""
    if ours is None or theirs is None:
        return None if ours is theirs else f"only {'Chromium' if theirs else 'gifapp'} shows it"
    if len(ours.frames) != len(theirs.frames):
        return f"{len(ours.frames)} frames, in Chromium {len(theirs.frames)}"
    if ours.frames[0].shape != theirs.frames[0].shape:
        return f"{ours.frames[0].shape}, in Chromium {theirs.frames[0].shape}"
    off = [
        _off(our_frame, their_frame)
        for our_frame, their_frame in zip(ours.frames, theirs.frames, strict=True)
    ]
    figures = [frame.mean() if is_lossy else frame.max(initial=0) for frame in off]
    if max(figures) > (MAX_MEAN_ERROR if is_lossy else MAX_ERROR):
        return f"frame {figures.index(max(figures))} is {max(figures):.1f} levels off"
    return _difference_in_time(ours, theirs) if len(ours.frames) > 1 else None


def _difference_in_time(ours: GifStats, theirs: GifStats) -> str | None:
    # Chromium truncates delays to whole milliseconds
    if any(
        abs(our_ms - their_ms) >= 1 for our_ms, their_ms in zip(ours.delays_ms, theirs.delays_ms, strict=True)
    ):
        return f"{ours.delays_ms} ms, in Chromium {theirs.delays_ms}"
    return f"plays {ours.plays}, in Chromium {theirs.plays}" if ours.plays != theirs.plays else None


def _off(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Absolute differences of premultiplied pixels."""
    off: np.ndarray = np.abs(_premultiplied(ours) - _premultiplied(theirs))
    return off


def _premultiplied(rgba: np.ndarray) -> np.ndarray:
    wide = rgba.astype(int)
    return np.concatenate([(wide[..., :3] * wide[..., 3:] + 127) // 255, wide[..., 3:]], axis=-1)


def main(folder: Path) -> None:
    """Print a line for each file that differs, and the number of those that do not."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in TYPES)
    same = 0
    with chromium() as browser:
        for path in files:
            data = path.read_bytes()
            theirs = browser.shown(data, TYPES[path.suffix.lower()])
            problem = difference(shown_by_gifapp(data), theirs, is_lossy=path.suffix.lower() in LOSSY)
            same += problem is None
            if problem:
                print(f"{path.relative_to(folder)}: {problem}")
    print(f"{same} of {len(files)} as in Chromium")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
