"""Drawn clips, which no package provides: a flat cartoon, and a screen on which someone types."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 25
_SMOOTH = 2  # drawn at twice the size and scaled down, so that edges are smooth
_CODE = (
    ("def frames(path, plan):", "#569cd6"),
    ('    """Yield RGB pictures, oldest first."""', "#ce9178"),
    ("    command = [FFMPEG, '-i', path]", "#d4d4d4"),
    ("    # the pipe holds two frames at most", "#6a9955"),
    ("    with subprocess.Popen(command) as ffmpeg:", "#c586c0"),
    ("        for number in range(plan.frames):", "#569cd6"),
    ("            raw = ffmpeg.stdout.read(plan.bytes)", "#d4d4d4"),
    ("            yield numpy.frombuffer(raw, 'u1')", "#dcdcaa"),
    ("", "#d4d4d4"),
)


def cartoon(seconds: float) -> Iterator[Image.Image]:
    """Outlined shapes in few colours before a sky with a gradient; halfway a cut to evening."""
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        is_evening = at_s >= seconds / 2
        picture = _sky(is_evening=is_evening).copy()
        draw = ImageDraw.Draw(picture)
        hills = ("#274060", "#1b2f48") if is_evening else ("#7fb069", "#4f8a4b")
        for depth, colour in enumerate(hills, 1):
            _hills(draw, colour, depth, at_s)
        _ball(draw, at_s, "#e4572e" if is_evening else "#f3a712")
        yield picture.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX)


def typing(seconds: float) -> Iterator[Image.Image]:
    """An editor: letters appear one by one, the text scrolls, a pointer moves, a dialogue opens."""
    for number in range(round(seconds * FPS)):
        at_s = number / FPS
        picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), "#1e1e1e")
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, 0, WIDTH_PX, 40), "#3c3c3c")
        draw.text((20, 8), "reading.py", "#cccccc", _font(22))
        draw.rectangle((0, 41, 240, HEIGHT_PX), "#252526")
        for row, name in enumerate(("reading.py", "encoder.py", "palette.py", "README.md")):
            draw.text((30, 70 + 36 * row), name, "#ffffff" if row == 0 else "#969696", _font(20))
        _typed(draw, letters=round(480 + 60 * at_s))
        if 0.45 < at_s / seconds < 0.8:
            draw.rounded_rectangle((500, 250, 1000, 470), 10, "#f6f6f6", "#888888")
            draw.text((530, 280), "Save the changes?", "#222222", _font(28))
            draw.rounded_rectangle((800, 400, 970, 446), 8, "#0e639c")
            draw.text((850, 408), "Save", "#ffffff", _font(24))
        x, y = 400 + 420 * math.sin(at_s), 330 + 120 * math.cos(1.3 * at_s)
        draw.polygon([(x, y), (x, y + 24), (x + 6, y + 18), (x + 16, y + 18)], "#ffffff", "#000000")
        yield picture


@cache
def _sky(*, is_evening: bool) -> Image.Image:
    top, bottom = ((24, 26, 58), (222, 110, 75)) if is_evening else ((66, 135, 215), (214, 236, 248))
    height = _SMOOTH * HEIGHT_PX
    down = np.linspace(0, 1, height)[:, None, None]
    graded = np.array(top) * (1 - down) + np.array(bottom) * down
    return Image.fromarray(np.repeat(graded.round().astype(np.uint8), _SMOOTH * WIDTH_PX, axis=1))


def _hills(draw: ImageDraw.ImageDraw, colour: str, depth: int, at_s: float) -> None:
    width, height = _SMOOTH * WIDTH_PX, _SMOOTH * HEIGHT_PX
    along = np.arange(0, width + 8, 8)
    tops = height * (0.55 + 0.15 * depth) + 70 * np.sin((along + 260 * depth * at_s) / (180 + 60 * depth))
    outline = list(zip(along.tolist(), tops.tolist(), strict=True))
    draw.polygon([*outline, (width, height), (0, height)], colour)
    draw.line(outline, "#16213e", 6)


def _ball(draw: ImageDraw.ImageDraw, at_s: float, colour: str) -> None:
    x = _SMOOTH * (200 + 320 * at_s % (WIDTH_PX - 400))
    y = _SMOOTH * (480 - 230 * abs(math.sin(3 * at_s)))
    radius, turn = 130, 4 * at_s
    draw.circle((x, y), radius, colour, "#16213e", 8)
    for eye in (-0.4, 0.4):
        at = (x + radius * 0.6 * math.sin(turn + eye), y - radius * 0.6 * math.cos(turn + eye))
        draw.circle(at, 26, "#ffffff", "#16213e", 6)
        draw.circle(at, 10, "#16213e")


def _typed(draw: ImageDraw.ImageDraw, letters: int) -> None:
    lines: list[tuple[str, str]] = []
    while letters > 0:
        text, colour = _CODE[len(lines) % len(_CODE)]
        lines.append((text[:letters], colour))
        letters -= len(text) + 1
    for row, (text, colour) in enumerate(lines[-17:]):
        draw.text((270, 60 + 37 * row), text, colour, _font(26))


@cache
def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)
