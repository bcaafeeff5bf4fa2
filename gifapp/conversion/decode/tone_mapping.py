"""Tone-maps HDR to SDR with one lookup table for ffmpeg.

It follows Chromium (measured; Skia calls it reference white tone mapping). Up to reference white, 203 cd/m²
(BT.2408), brightness is halved; from there to the peak it rolls off to the screen's white, driven by a
pixel's brightest channel, which preserves hues. The peak is assumed to be 1000 cd/m², since metadata is too
often wrong. HLG is shown as on a screen of that peak (BT.2100, OOTF with a gamma of 1.2).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gifapp.conversion.decode.chroma_key import STEPS, write_cube
from gifapp.conversion.video import ColourTags

Floats = NDArray[np.float64]

WHITE_NITS, PEAK_NITS = 203.0, 1000.0

# control points of the roll-off: light relative to reference white, screen brightness
_KNEE, _BEND = (1.0, 0.5), (1.65, 0.825)

# SMPTE ST 2084
_M1, _M2 = 2610 / 16384, 2523 / 32
_C1, _C2, _C3 = 3424 / 4096, 2413 / 128, 2392 / 128
_PQ_NITS = 10_000.0

# ARIB STD-B67
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073
_GAMMA = 1.2
_LUMA = np.array([0.2627, 0.6780, 0.0593])  # of BT.2020

# linear light of these primaries to BT.709; white is D65 in all (ITU-R BT.2087, SMPTE EG 432-1)
_TO_BT709 = {
    "bt2020": np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]),
    "smpte432": np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]]),
}


@contextmanager
def tone_table(colours: ColourTags) -> Iterator[Path | None]:
    """A temporary file for ffmpeg's lut3d; None if the source is SDR."""
    if not colours.is_hdr:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="gifapp-") as directory:
        blue, green, red = np.meshgrid(*[np.linspace(0, 1, STEPS)] * 3, indexing="ij")
        table = Path(directory, "screen.cube")
        write_cube(table, tone_mapped(np.stack([red, green, blue], axis=-1), colours))
        yield table


def tone_mapped(stored: Floats, colours: ColourTags) -> Floats:
    """Map stored R'G'B' in PQ or HLG to sRGB; all values from 0 to 1, RGB along the last axis."""
    nits = _hlg_nits(stored) if colours.transfer == "arib-std-b67" else _pq_nits(stored)
    brightest = np.maximum(nits.max(axis=-1, keepdims=True), 1e-6)
    shown = nits * _rolled_off(brightest) / brightest
    return _srgb(np.clip(shown @ _TO_BT709.get(colours.primaries, np.eye(3)).T, 0, 1))


def _rolled_off(nits: Floats) -> Floats:
    """The brightness on a screen with white at 1: linear up to the knee, then a quadratic Bézier curve."""
    light = np.minimum(nits, PEAK_NITS) / WHITE_NITS
    (knee_x, knee_y), (bend_x, bend_y), (end_x, end_y) = _KNEE, _BEND, (PEAK_NITS / WHITE_NITS, 1.0)
    square, linear = knee_x - 2 * bend_x + end_x, 2 * (bend_x - knee_x)
    beyond = np.maximum(light - knee_x, 0)
    along = (np.sqrt(linear**2 + 4 * square * beyond) - linear) / (2 * square)
    curve = knee_y + along * 2 * (bend_y - knee_y) + along**2 * (knee_y - 2 * bend_y + end_y)
    return np.where(light < knee_x, light * knee_y / knee_x, curve)


def _pq_nits(stored: Floats) -> Floats:
    power = stored ** (1 / _M2)
    return _PQ_NITS * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)


def _hlg_nits(stored: Floats) -> Floats:
    scene = np.where(stored <= 0.5, stored**2 / 3, (np.exp((stored - _C) / _A) + _B) / 12)
    luma = np.maximum((scene @ _LUMA)[..., None], 1e-9)
    return np.asarray(PEAK_NITS * scene * luma ** (_GAMMA - 1))


def _srgb(linear: Floats) -> Floats:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
