"""Reads still and animated AVIF files: parses their boxes, and decodes AV1 with libavcodec (dav1d).

Source: AV1 Image File Format, aomediacodec.github.io/av1-avif.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.images.colour import displayed
from gifapp.conversion.images.colour_profile import of_code_points
from gifapp.conversion.images.decoding import (
    FULL_RANGE,
    LIMITED_RANGE,
    Decoder,
    Pixels,
    decode,
    in_rgb,
    plane,
)
from gifapp.conversion.images.readers.avif_items import Item, Items, Properties
from gifapp.conversion.images.readers.avif_track import ALPHA, PICTURES, Track, track
from gifapp.conversion.images.readers.exif import upright_size
from gifapp.conversion.images.tiles import Animation, Tile, append

_CODEC = "libdav1d"
_UNSPECIFIED = 2  # a matrix
_BLACK, _WHITE = 16, 235  # of the limited range


def read(data: memoryview) -> Animation:
    """Read the pictures of an AVIF.

    Raises:
        one of `tiles.DAMAGE`
    """
    moving = track(data, PICTURES)
    return _moving(data, moving) if moving else _still(Items(data))


def _still(items: Items) -> Animation:
    shown = items.primary()
    alpha = items.alpha_of(shown)
    properties = items.properties(shown)
    if not math.prod(properties.size):
        raise ValueError("it has no pixels")
    sides = upright_size(properties.size, properties.orientation)
    decode = partial(_decoded_items, items, shown, alpha)
    stored = [items.stored_size(item) for item in (shown, alpha) if item is not None]
    stored_size = max(stored, key=math.prod)
    tile = Tile(0, 0, *sides, decode, may_have_alpha=alpha is not None, stored_size=stored_size)
    return Animation(*sides, [tile])


def _decoded_items(items: Items, shown: int, alpha: int | None) -> Image.Image:
    item = items.item(shown)
    pixels = _whole(item, partial(_rgb, properties=item.properties))
    opacity = None if alpha is None else _whole(items.item(alpha), _brightness)
    return _displayed(pixels, opacity, item.properties)


def _whole(item: Item, pixels_of: Callable[[Any], Pixels]) -> Pixels:
    """Join the cells of a grid; most pictures have a single cell."""
    frames = [pixels_of(decode(_CODEC, bytes(cell), item.cell_size)) for cell in item.cells]
    (width_px, height_px), columns = item.properties.size, -(-item.properties.size[0] // item.cell_size[0])
    rows = [np.concatenate(frames[at : at + columns], 1) for at in range(0, len(frames), columns)]
    return np.concatenate(rows)[:height_px, :width_px]


class _Film:
    """Decodes the pictures of a track in order."""

    def __init__(self, data: memoryview, track: Track) -> None:
        self._data = data
        self._track = track
        self._decoder = Decoder(_CODEC, track.properties.size)
        self._next = 0

    def frame(self, number: int) -> Any:
        """Decode one picture, after those that it depends on.

        Raises:
            ValueError: it is damaged.
        """
        start = self._track.key_before(number)
        if not start <= self._next <= number:
            self._decoder, self._next = Decoder(_CODEC, self._track.properties.size), start
        while self._next < number:
            with suppress(ValueError):
                self._decode()
        return self._decode()

    def _decode(self) -> Any:
        start, end = self._track.places[self._next]
        self._next += 1
        return self._decoder.decode(bytes(self._data[start:end]))


def _moving(data: memoryview, colours: Track) -> Animation:
    """The pictures that lie completely within the file."""
    alphas = track(data, ALPHA)
    properties = colours.properties
    sides = upright_size(properties.size, properties.orientation)
    films = _Film(data, colours), _Film(data, alphas) if alphas else None
    stored_size = alphas.properties.size if alphas else (0, 0)
    tiles: list[Tile] = []
    for number, (delay_ms, (_, end)) in enumerate(zip(colours.delays_ms, colours.places, strict=False)):
        if end > len(data):
            break
        decode = partial(_decoded_frame, *films, number, properties)
        tile = Tile(
            0, 0, *sides, decode, delay_ms, may_have_alpha=alphas is not None, stored_size=stored_size
        )
        append(tile, tiles)
    if not tiles or not math.prod(sides):
        raise ValueError("it has no complete picture")
    is_cut_short = len(tiles) < len(colours.places)
    return Animation(*sides, tiles, colours.plays, is_cut_short)


def _decoded_frame(colours: _Film, alphas: _Film | None, number: int, properties: Properties) -> Image.Image:
    pixels = _rgb(colours.frame(number), properties)
    opacity = _brightness(alphas.frame(number)) if alphas else None
    return _displayed(pixels, opacity, properties)


def _displayed(pixels: Pixels, opacity: Pixels | None, properties: Properties) -> Image.Image:
    image = Image.fromarray(pixels)
    if opacity is not None:
        image.putalpha(Image.fromarray(opacity).resize(image.size))
    return displayed(image, _profile(properties), properties.orientation)


def _profile(properties: Properties) -> bytes | None:
    if properties.profile or properties.nclx is None:
        return properties.profile
    return of_code_points(*properties.nclx[:2])


def _rgb(frame: Any, properties: Properties) -> Pixels:
    """Convert to RGB; the file's colour numbers take precedence over the AV1 picture's."""
    _, _, matrix, is_full = properties.nclx or (0, 0, _UNSPECIFIED, frame.color_range != LIMITED_RANGE)
    frame.color_range = FULL_RANGE if is_full else LIMITED_RANGE
    if len(frame.format.components) == 1:
        return np.stack([_brightness(frame)] * 3, -1)
    return np.asarray(in_rgb(frame, matrix=matrix if matrix != _UNSPECIFIED else None))


def _brightness(frame: Any) -> Pixels:
    """Luma in 8 bits, full range."""
    bits = frame.format.components[0].bits
    if bits == 8 and frame.color_range != LIMITED_RANGE:
        return np.ascontiguousarray(plane(frame, 0)[:, : frame.width])
    levels = plane(frame, 0) if bits == 8 else plane(frame, 0).view("<u2")
    black, white = (
        (_BLACK << bits - 8, _WHITE << bits - 8) if frame.color_range == LIMITED_RANGE else (0, 2**bits - 1)
    )
    scaled: NDArray[np.float32] = (levels[:, : frame.width].astype(np.float32) - black) * (
        255 / (white - black)
    )
    return np.rint(scaled).clip(0, 255).astype(np.uint8)
