"""Maps each picture format to its reader."""

from __future__ import annotations

from collections.abc import Callable

from gifapp.conversion.images.readers import avif, gif, jpeg, png, webp
from gifapp.conversion.images.signatures import START_BYTES, Container, container_of
from gifapp.conversion.images.tiles import Animation

READERS: dict[Container, Callable[[memoryview], Animation]] = {
    "gif": gif.read,
    "apng": png.read,
    "png": png.read,
    "webp": webp.read,
    "jpeg": jpeg.read,
    "avif": avif.read,
}


def read(data: memoryview) -> Animation:
    """Read a file in any format of `READERS`.

    Raises:
        one of `tiles.DAMAGE`: it contains no picture.
    """
    container = container_of(bytes(data[:START_BYTES]))
    if not container:
        raise ValueError("no picture that we read")
    return READERS[container](data)


def is_apng(data: memoryview) -> bool:
    """Whether a PNG is animated."""
    return png.is_animated(data)
