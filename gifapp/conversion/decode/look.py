"""The recipe's look as ffmpeg filters: denoise, key, blur, sharpen, tones, background. Pure.

Every step takes and returns 8-bit RGB, or RGBA with straight alpha. Saturation moves each channel away from
the pixel's grey (BT.709 luma); the tone curve then applies to each channel, with `v` from 0 to 1 (ffmpeg's
own `eq` changes only luma):

    v = grey + (v - grey) * saturation
    v = clip(0.5 + (v - 0.5) * contrast + brightness) ** (1 / gamma), or 1 - v if inverted
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

from gifapp.conversion.decode.chroma_key import ALPHA, COLOURS
from gifapp.domain.recipes.recipe import Look

# BT.709 luma in steps of 1/255: ffmpeg rounds each product, and the weights must add up to keep white
_LUMA = (54, 183, 18)
_GREY = ":".join([":".join(f"{weight}/255" for weight in _LUMA) + ":0"] * 3)
_MIN_PIXELS_TO_BLUR = 16  # with one or two pixels, ffmpeg's gblur overflows its buffer
_MASK_PX = 1.0  # sigma of the unsharp mask: details of a pixel or two
_MAX_GRAIN = 0.1  # the largest difference between frames that counts as grain, as a share of the range
_GRAIN_IN_ALL = 3  # times that: differences summed frame by frame, so that slow changes soon end the mean
_BLURS = 3  # passes; a single pass of gblur is a spike with long tails, not a Gaussian


def denoised(amount: float, *, has_alpha: bool) -> Iterator[str]:
    """Average each pixel with its past and future, each up to the first change larger than grain.

    Of ffmpeg's fast denoisers, `atadenoise` saves the most bytes for its loss of PSNR in moving parts, at a
    tenth of the CPU time of decoding. It works on YUV, since most grain is in luma; 10 bits reduce rounding.
    """
    if not amount:
        return
    grain = amount * _MAX_GRAIN
    bounds = ":".join(f"{plane}a={grain!r}:{plane}b={grain * _GRAIN_IN_ALL!r}" for plane in range(3))
    to_yuv = "format=gbrp,zscale=min=gbr:rin=full:m=709:r=full,format=yuv444p10"
    to_rgb = "zscale=min=709:rin=full:m=gbr:r=full,format=gbrp,format=rgb24"  # unlike `scale`, keeps greys
    yield from _on_colours(f"{to_yuv},atadenoise={bounds}:a=s,{to_rgb}", has_alpha=has_alpha)


def keyed(tables: Path, *, has_alpha: bool) -> Iterator[str]:
    """Make colours like the key transparent; existing transparency is kept."""
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
    """Blur, sharpen, saturation and tone curve for pictures of `pixels` pixels."""
    if look.blur_px and pixels >= _MIN_PIXELS_TO_BLUR:
        yield from _blurred(look.blur_px, has_alpha=has_alpha)
    if look.sharpen and pixels >= _MIN_PIXELS_TO_BLUR:
        yield from _sharpened(look.sharpen, has_alpha=has_alpha)
    if look.grayscale or look.saturation == 0:
        yield f"colorchannelmixer={_GREY}"
    elif look.saturation != 1:
        yield from _saturated(look.saturation, has_alpha=has_alpha)
    if tone := _tone(look):
        yield f"lutrgb=r='{tone}':g='{tone}':b='{tone}'"


def _blurred(sigma_px: float, *, has_alpha: bool) -> Iterator[str]:
    yield _gaussian(sigma_px, has_alpha=has_alpha)
    yield "format=rgba" if has_alpha else "format=rgb24"


def _gaussian(sigma_px: float, *, has_alpha: bool) -> str:
    blur = f"gblur=sigma={sigma_px!r}:steps={_BLURS}"
    if has_alpha:  # premultiplied: the colour of transparent pixels has no weight
        return f"format=gbrap16le,premultiply=inplace=1,{blur},unpremultiply=inplace=1"
    return f"format=gbrp,{blur}"


def _sharpened(amount: float, *, has_alpha: bool) -> Iterator[str]:
    """An unsharp mask: each channel moves away from its blurred self; alpha is unchanged."""
    planes = "gbrap" if has_alpha else "gbrp"
    soft = f"{_gaussian(_MASK_PX, has_alpha=has_alpha)},format={planes}"
    mask = f"mix=weights='{1 + amount!r} {-amount!r}':scale=1:planes=7"
    yield f"format={planes},split[sharp][whole];[whole]{soft}[soft];[sharp][soft]{mask}"
    yield "format=rgba" if has_alpha else "format=rgb24"


def _saturated(saturation: float, *, has_alpha: bool) -> Iterator[str]:
    """Two passes, since ffmpeg limits gains to 2, and in floats, so that nothing is clipped in between."""
    step = math.sqrt(saturation)
    gains = [
        [weight / 255 * (1 - step) + step * (row == column) for column, weight in enumerate(_LUMA)]
        for row in range(3)
    ]
    mixer = "colorchannelmixer=" + ":".join(f"{gain!r}" for row in gains for gain in (*row, 0))
    mixed = f"format=gbrpf32le,{mixer},{mixer},format=gbrp,format=rgb24"
    yield from _on_colours(mixed, has_alpha=has_alpha)


def _on_colours(filters: str, *, has_alpha: bool) -> Iterator[str]:
    """Apply filters whose pixel formats would not preserve 8-bit alpha exactly."""
    if has_alpha:
        yield f"split[colours][shown];[shown]alphaextract[own];[colours]format=rgb24,{filters}[changed]"
        yield "[changed][own]alphamerge"
        yield "format=rgba"
    else:
        yield filters


def _tone(look: Look) -> str:
    """The tone curve as an ffmpeg expression of `val`; empty if it changes nothing."""
    if (look.brightness, look.contrast, look.gamma, look.invert) == (0, 1, 1, False):
        return ""
    tone = f"clip(0.5+(val/255-0.5)*{look.contrast!r}+{look.brightness!r},0,1)"
    if look.gamma != 1:
        tone = f"pow({tone},{1 / look.gamma!r})"
    if look.invert:
        tone = f"1-{tone}"
    return f"255*({tone})+0.5"  # ffmpeg truncates


def flattened(colour: str) -> Iterator[str]:
    """Composite RGBA over one colour."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    ground = f"lutrgb=r={red}:g={green}:b={blue}:a=255"
    yield f"format=rgba,split[front][back];[back]{ground}[ground];[ground][front]overlay=format=gbrp"
    yield "format=rgb24"


def quoted(path: Path) -> str:
    """Escape a path twice: as an option's value, and within a filter chain."""
    return re.sub(r"([\\'\[\],;])", r"\\\1", re.sub(r"([\\':])", r"\\\1", str(path)))
