"""Compares finished GIFs with the first one: side by side, in bytes, in quality, and where they differ."""

from __future__ import annotations

import html
import io
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gifapp.conversion.review import quality
from gifapp.conversion.review.media import Medium
from gifapp.conversion.review.playback import decoded_at
from gifapp.conversion.review.quality import Pictures
from gifapp.domain.wording import size

# as shares of the duration; few, since SSIMULACRA2 is slow
MOMENTS: NDArray[np.float64] = (np.arange(7) + 0.5) / 7
_HOTTEST = 64  # of 255 steps; the heat-map's white


@dataclass(frozen=True)
class Compared:
    """One of the GIFs.

    Attributes:
        label: its name in the comparison.
        bytes: the file size.
        ssim: its similarity to the first GIF, at most 1; frames are matched by time, and scaled to its size.
        ssimulacra2: the same by SSIMULACRA2, at most 100; None if that is not installed.
        difference: the mean difference to the first GIF, 0 to 255, (height, width).
    """

    label: str
    medium: Medium
    bytes: int
    ssim: float
    ssimulacra2: float | None
    difference: NDArray[np.float64]

    @property
    def caption(self) -> str:
        score = "" if self.ssimulacra2 is None else f", SSIMULACRA2 {self.ssimulacra2:.1f}"
        return f"{self.label}: {size(self.bytes)}, SSIM {self.ssim:.4f}{score}"

    def as_html(self) -> str:
        look, caption = 'style="max-width:100%"', html.escape(self.caption)
        heat = ""
        if self.difference.any():
            png = b64encode(_png(heat_map(self.difference))).decode("ascii")
            heat = f'<img {look} alt="difference from the first" src="data:image/png;base64,{png}">'
        return (
            f'<figure style="margin:0;max-width:100%">{self.medium.tag(look, self.label)}'
            f"<figcaption><small>{caption}</small></figcaption>{heat}</figure>"
        )


@dataclass(frozen=True)
class Comparison:
    """GIFs compared with the first of them; displays itself in a notebook."""

    gifs: tuple[Compared, ...]

    def __repr__(self) -> str:
        return "\n".join(compared.caption for compared in self.gifs)

    def _repr_html_(self) -> str:
        row = "display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start"
        scale = f"Below: the mean difference from the first, black 0 to white {_HOTTEST} of 255."
        shown = "".join(compared.as_html() for compared in self.gifs)
        return f'<div><div style="{row}">{shown}</div><small>{scale}</small></div>'


def compared(media: Sequence[tuple[str, Medium]]) -> Comparison:
    """Compare labelled files with the first of them."""
    reference: Pictures | None = None
    gifs = []
    for label, medium in media:
        shown = sampled(medium, reference)
        reference = shown if reference is None else reference
        gifs.append(_compared(label, medium, shown, reference))
    return Comparison(tuple(gifs))


def sampled(medium: Medium, reference: Pictures | None = None) -> Pictures:
    """The frames at `MOMENTS` on white, in the size of the reference."""
    shown = quality.opaque(decoded_at(medium.content, medium.kind.content_type, MOMENTS))
    if reference is None:
        return shown
    height_px, width_px = reference.shape[1:3]
    return quality.resized(shown, width_px, height_px)


def heat_map(difference: NDArray[np.float64]) -> NDArray[np.uint8]:
    """A difference of 0 to 64 as black, red, yellow, white: uint8 (height, width, 3)."""
    heat = np.clip(difference[..., np.newaxis] / _HOTTEST * 3 - np.arange(3), 0, 1)
    return np.rint(heat * 255).astype(np.uint8)


def _compared(label: str, medium: Medium, shown: Pictures, reference: Pictures) -> Compared:
    apart = np.abs(shown.astype(np.int16) - reference).mean(axis=(0, 3))
    score = quality.ssimulacra2(shown, reference)
    return Compared(label, medium, len(medium.content), quality.ssim(shown, reference), score, apart)


def _png(picture: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "png")
    return file.getvalue()
