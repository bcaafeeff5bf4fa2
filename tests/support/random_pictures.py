"""Random animations for Hypothesis, with the expected frames from a simple NumPy compositor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from tests.support import pictures
from tests.support.pictures import GifFrame, PngFrame, WebpFrame

KEEP, CLEAR, RESTORE = "keep", "clear", "restore"


@dataclass(frozen=True)
class Step:
    """A picture, its position, and how it is composed onto the canvas."""

    rgba: np.ndarray
    x_px: int
    y_px: int
    delay_ms: float
    disposal: str
    blends: bool


@dataclass(frozen=True)
class IndexedFrame:
    """A file and the steps that made it."""

    kind: str
    data: bytes
    size: tuple[int, int]
    steps: list[Step]
    plays: int

    def delays_ms(self) -> list[float]:
        """The delays as browsers play them."""
        return [100.0 if int(step.delay_ms) <= 10 else step.delay_ms for step in self.steps]

    def frames(self) -> list[np.ndarray]:
        """Every composed frame, RGBA, as floating-point numbers."""
        width_px, height_px = self.size
        canvas, shown = np.zeros((height_px, width_px, 4)), []
        for step in self.steps:
            before = canvas.copy()
            for y, x in np.ndindex(step.rgba.shape[:2]):
                row, column = step.y_px + y, step.x_px + x
                if row < height_px and column < width_px:
                    above = step.rgba[y, x].astype(float)
                    canvas[row, column] = _over(above, canvas[row, column]) if step.blends else above
            shown.append(canvas.copy())
            rectangle = np.s_[
                step.y_px : step.y_px + step.rgba.shape[0], step.x_px : step.x_px + step.rgba.shape[1]
            ]
            if step.disposal == CLEAR:
                canvas[rectangle] = 0
            elif step.disposal == RESTORE:
                canvas[rectangle] = before[rectangle]
        return shown


def _over(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Porter and Duff's "over" of two pixels with straight alpha."""
    share, rest = above[3] / 255, below[3] / 255 * (1 - above[3] / 255)
    if share + rest == 0:
        return np.zeros(4)
    colour = (above[:3] * share + below[:3] * rest) / (share + rest)
    return np.append(colour, 255 * (share + rest))


_SIDES = st.integers(1, 7)
_DISPOSALS = {KEEP: pictures.KEEP, CLEAR: pictures.CLEAR, RESTORE: pictures.RESTORE}


def _indices(draw: st.DrawFn, width_px: int, height_px: int, colours: int) -> np.ndarray:
    numbers = draw(st.binary(min_size=width_px * height_px, max_size=width_px * height_px))
    return np.frombuffer(numbers, np.uint8).reshape(height_px, width_px) & (colours - 1)


def _palette(draw: st.DrawFn, colours: int) -> bytes:
    return draw(st.binary(min_size=3 * colours, max_size=3 * colours))


def _rectangle(draw: st.DrawFn, size: tuple[int, int], *, even: bool = False) -> tuple[int, int, int, int]:
    """A rectangle within the canvas: x, y, width, height."""
    x_px, y_px = draw(st.integers(0, size[0] - 1)), draw(st.integers(0, size[1] - 1))
    x_px, y_px = (x_px // 2 * 2, y_px // 2 * 2) if even else (x_px, y_px)
    return x_px, y_px, draw(st.integers(1, size[0] - x_px)), draw(st.integers(1, size[1] - y_px))


@st.composite
def gifs(draw: st.DrawFn) -> IndexedFrame:
    """With every code size, interlaced or not, with local palettes and images outside the canvas."""
    size, bits = (draw(_SIDES), draw(_SIDES)), draw(st.integers(1, 8))
    shared = _palette(draw, 1 << bits)
    frames, steps = [], []
    for number in range(draw(st.integers(1, 5))):
        x_px, y_px, width_px, height_px = _rectangle(draw, size)
        if number:  # the first image would widen the screen
            width_px, height_px = draw(_SIDES), draw(_SIDES)
        own = _palette(draw, 1 << bits) if draw(st.booleans()) else b""
        indices = _indices(draw, width_px, height_px, 1 << bits)
        transparent = draw(st.none() | st.integers(0, (1 << bits) - 1))
        disposal, delay_cs = draw(st.sampled_from(list(_DISPOSALS))), draw(st.integers(0, 300))
        frames.append(
            GifFrame(
                *(indices, x_px, y_px, delay_cs, _DISPOSALS[disposal], transparent, own),
                interlaced=draw(st.booleans()),
                code_bits=max(bits, draw(st.sampled_from((2, 3, 8)))),
            )
        )
        table = np.frombuffer(own or shared, np.uint8).reshape(-1, 3)
        alpha = (
            np.where(indices == transparent, 0, 255)
            if transparent is not None
            else np.full(indices.shape, 255)
        )
        rgba = np.dstack([table[indices], alpha]).astype(np.uint8)
        steps.append(Step(rgba, x_px, y_px, 10.0 * delay_cs, disposal, blends=True))
    repeats = draw(st.none() | st.integers(0, 9))
    blocks = [] if repeats is None else [pictures.plays(repeats)]
    data = pictures.gif(*blocks, *frames, size=size, palette=shared)
    plays = 1 if repeats is None else repeats and repeats + 1
    return IndexedFrame("image/gif", data, size, steps, plays)


_ALPHAS = st.sampled_from((0, 0, 60, 128, 255, 255, 255))


def _rgba(draw: st.DrawFn, width_px: int, height_px: int) -> np.ndarray:
    colours = _indices(draw, width_px * 3, height_px, 256).reshape(height_px, width_px, 3)
    count = width_px * height_px
    alphas = draw(st.lists(_ALPHAS, min_size=count, max_size=count))
    return np.dstack([colours, np.array(alphas, np.uint8).reshape(height_px, width_px)])


@st.composite
def apngs(draw: st.DrawFn) -> IndexedFrame:
    """With partial transparency, in 8 or 16 bits."""
    size, plays = (draw(_SIDES), draw(_SIDES)), draw(st.integers(0, 9))
    frames, steps = [], []
    for number in range(draw(st.integers(2, 5))):
        x_px, y_px, width_px, height_px = _rectangle(draw, size) if number else (0, 0, *size)
        rgba, delay = _rgba(draw, width_px, height_px), (draw(st.integers(0, 300)), draw(st.integers(0, 300)))
        disposal, blends = draw(st.sampled_from(list(_DISPOSALS))), draw(st.booleans())
        frames.append(PngFrame(rgba, x_px, y_px, delay, list(_DISPOSALS).index(disposal), blends))
        delay_ms = 1000 * delay[0] / (delay[1] or 100)
        steps.append(Step(rgba, x_px, y_px, delay_ms, disposal, blends))
    data = pictures.apng(*frames, size=size, bits=draw(st.sampled_from((8, 16))), number_of_plays=plays)
    return IndexedFrame("image/png", data, size, steps, plays)


@st.composite
def webps(draw: st.DrawFn) -> IndexedFrame:
    """Lossless, with partial transparency."""
    size, plays = (draw(_SIDES), draw(_SIDES)), draw(st.integers(0, 9))
    frames, steps = [], []
    for _ in range(draw(st.integers(2, 5))):
        x_px, y_px, width_px, height_px = _rectangle(draw, size, even=True)
        rgba, delay_ms = _rgba(draw, width_px, height_px), draw(st.integers(0, 3000))
        clears, replaces = draw(st.booleans()), draw(st.booleans())
        frames.append(WebpFrame(rgba, x_px, y_px, delay_ms, clears, replaces))
        steps.append(Step(rgba, x_px, y_px, delay_ms, CLEAR if clears else KEEP, not replaces))
    return IndexedFrame(
        "image/webp", pictures.webp(*frames, size=size, number_of_plays=plays), size, steps, plays
    )


ANIMATIONS = {"gif": gifs(), "apng": apngs(), "webp": webps()}
