"""How the picture is changed, in ffmpeg's words: key, blur, tones, background. Pure.

Every step takes and leaves 8-bit RGB, or RGBA with straight alpha. The tones change each channel by
itself, `v` being 0 to 1 (ffmpeg's own `eq` works on luma and leaves the colours behind):

    v = clip(0.5 + (v - 0.5) * contrast + brightness) ** (1 / gamma), and 1 - v where it is inverted
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from gifapp.conversion.keying import ALPHA, COLOURS
from gifapp.domain.recipe import Look

# BT.709's luma in steps of 1/255: ffmpeg rounds each product, and white stays white
_GREY = ":".join(["54/255:183/255:18/255:0"] * 3)
_FEWEST_TO_BLUR = 16  # with one or two, ffmpeg's gblur writes beyond its buffer
_BLURS = 3  # of ffmpeg's passes: one alone is a spike with long tails, not a Gaussian


def keyed(tables: Path, *, has_alpha: bool) -> Iterator[str]:
    """What is like the key becomes transparent, besides what is already."""
    mask = f"format=rgb24,lut3d={quoted(tables / ALPHA)},format=gbrp,extractplanes=g"
    clean = f"format=rgb24,lut3d={quoted(tables / COLOURS)}"
    if has_alpha:
        yield (
            f"split=3[front][screen][shown];[screen]{mask}[mask];[shown]alphaextract[own];"
            f"[mask][own]blend=all_mode=multiply[both];[front]{clean}[clean];[clean][both]alphamerge"
        )
    else:
        yield f"split[front][screen];[screen]{mask}[mask];[front]{clean}[clean];[clean][mask]alphamerge"
    yield "format=rgba"


def changed(look: Look, *, pixels: int, has_alpha: bool) -> Iterator[str]:
    """Pictures of so many pixels blurred, without colours, and with other tones."""
    if look.blur_px and pixels >= _FEWEST_TO_BLUR:
        yield from _blurred(look.blur_px, has_alpha=has_alpha)
    if look.grayscale:
        yield f"colorchannelmixer={_GREY}"
    if tone := _tone(look):
        yield f"lutrgb=r='{tone}':g='{tone}':b='{tone}'"


def _blurred(sigma_px: float, *, has_alpha: bool) -> Iterator[str]:
    blur = f"gblur=sigma={sigma_px!r}:steps={_BLURS}"
    if has_alpha:  # premultiplied: the colour of transparent pixels counts for nothing
        yield f"format=gbrap16le,premultiply=inplace=1,{blur},unpremultiply=inplace=1,format=rgba"
    else:
        yield f"format=gbrp,{blur},format=rgb24"


def _tone(look: Look) -> str:
    """The new value of `val` as ffmpeg's expression; empty where it is the same."""
    if (look.brightness, look.contrast, look.gamma, look.invert) == (0, 1, 1, False):
        return ""
    tone = f"clip(0.5+(val/255-0.5)*{look.contrast!r}+{look.brightness!r},0,1)"
    if look.gamma != 1:
        tone = f"pow({tone},{1 / look.gamma!r})"
    if look.invert:
        tone = f"1-{tone}"
    return f"255*({tone})+0.5"  # ffmpeg cuts off the fraction


def flattened(colour: str) -> Iterator[str]:
    """RGBA laid on one colour."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    ground = f"lutrgb=r={red}:g={green}:b={blue}:a=255"
    yield f"format=rgba,split[front][back];[back]{ground}[ground];[ground][front]overlay=format=gbrp"
    yield "format=rgb24"


def quoted(path: Path) -> str:
    """A path as an option within a chain of filters: escaped once as the one and once for the other."""
    return re.sub(r"([\\'\[\],;])", r"\\\1", re.sub(r"([\\':])", r"\\\1", str(path)))
