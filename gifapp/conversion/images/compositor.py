"""Composes tiles into whole pictures as browsers do, on a canvas that starts out transparent."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image

from gifapp.conversion.images.tiles import DAMAGE, Animation, Disposal, Tile

_CLEAR = (0, 0, 0, 0)


def composed(
    animation: Animation, is_wanted: Callable[[int], bool] = lambda _: True
) -> Iterator[Image.Image]:
    """The pictures whose numbers are wanted, RGB or RGBA; each is valid until the next is drawn.

    Tiles that cannot be decoded are skipped.

    Raises:
        one of `tiles.DAMAGE`: no tile can be decoded.
    """
    numbers = [number for number in range(len(animation.tiles)) if is_wanted(number)]
    if not numbers:
        return
    if len(animation.tiles) == 1 and animation.is_covered_by(animation.tiles[0]):
        yield animation.tiles[0].decode()
        return
    canvas = Image.new("RGBA", (animation.width_px, animation.height_px))
    damage: Exception | None = None
    is_drawn = False
    for number in range(_start(animation, numbers[0]), numbers[-1] + 1):
        tile = animation.tiles[number]
        box = _clipped(tile, canvas)
        before = canvas.crop(box) if box and tile.disposal is Disposal.RESTORE else None
        if box:
            try:
                _draw(tile, box, canvas)
                is_drawn = True
            except DAMAGE as problem:
                damage = problem
        if is_wanted(number):
            yield canvas
        if before:
            canvas.paste(before, box)
        elif box and tile.disposal is Disposal.CLEAR:
            canvas.paste(_CLEAR, box)
    if damage and not is_drawn:
        raise damage


def may_have_holes(animation: Animation, number: int) -> bool:
    """Whether a picture may be transparent where the previous one is not."""
    if number == 0:
        return True
    tile, last = animation.tiles[number], animation.tiles[number - 1]
    if last.disposal is Disposal.KEEP:
        return tile.may_have_alpha and not tile.blends
    return tile.may_have_alpha or not animation.is_covered_by(tile)


def _clipped(tile: Tile, canvas: Image.Image) -> tuple[int, int, int, int] | None:
    """The part of the canvas that the tile covers, if any."""
    left, top, right, bottom = tile.box
    box = max(left, 0), max(top, 0), min(right, canvas.width), min(bottom, canvas.height)
    return box if box[0] < box[2] and box[1] < box[3] else None


def _draw(tile: Tile, box: tuple[int, int, int, int], canvas: Image.Image) -> None:
    pixels = tile.decode()
    if box != tile.box:
        left, top = box[0] - tile.x_px, box[1] - tile.y_px
        pixels = pixels.crop((left, top, left + box[2] - box[0], top + box[3] - box[1]))
    if tile.blends and pixels.mode == "RGBA":
        canvas.alpha_composite(pixels, box[:2])
    else:
        canvas.paste(pixels, box)


def _start(animation: Animation, first: int) -> int:
    """The last tile up to `first` that hides all tiles before it."""
    return next((number for number in range(first, 0, -1) if _hides_all_before(animation, number)), 0)


def _hides_all_before(animation: Animation, number: int) -> bool:
    tile, last = animation.tiles[number], animation.tiles[number - 1]
    if last.disposal is Disposal.CLEAR and animation.is_covered_by(last):
        return True
    is_opaque = not (tile.blends and tile.may_have_alpha)
    return is_opaque and tile.disposal is not Disposal.RESTORE and animation.is_covered_by(tile)
