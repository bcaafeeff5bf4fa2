"""HDR and wide-gamut colours are converted to sRGB."""

from pathlib import Path

import numpy as np
import pytest

from gifapp.conversion.decode import ffmpeg
from gifapp.conversion.decode.tone_mapping import tone_mapped
from gifapp.conversion.plan import make_plan
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import ColourTags
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from tests.support.letters import run_ffmpeg

LIMITS = Limits()
PQ, HLG = "smpte2084", "arib-std-b67"
X264 = ("-c:v", "libx264", "-crf", 1)

# stored grey and the grey that Chromium draws on a canvas, both of 255
CHROMIUM = {
    PQ: [
        *((0.094, 2), (0.157, 9), (0.219, 22), (0.282, 38), (0.344, 58), (0.407, 83), (0.47, 114)),
        *((0.532, 153), (0.595, 200), (0.658, 226), (0.72, 246), (0.783, 255), (1.0, 255)),
    ],
    HLG: [
        *((0.094, 7), (0.219, 36), (0.344, 64), (0.47, 92), (0.595, 126), (0.658, 147), (0.72, 174)),
        *((0.783, 202), (0.845, 219), (0.908, 235), (0.971, 249), (1.0, 255)),
    ],
}


def tags(transfer: str, primaries: str = "bt2020") -> ColourTags:
    return ColourTags("bt2020nc", primaries, transfer, full_range=False)


def shown(path: Path) -> np.ndarray:
    """The first frame, (height, width, 3)."""
    video = probe(path, limits=LIMITS)
    plan = make_plan(video, Recipe(), LIMITS)
    return next(ffmpeg.frames(path, video, plan, limits=LIMITS, checkpoint=lambda: None))


@pytest.mark.parametrize("transfer", CHROMIUM)
def test_hdr_greys_equal_chromiums(transfer: str) -> None:
    stored, right = np.transpose(CHROMIUM[transfer])
    grey = tone_mapped(np.repeat(stored[:, None], 3, axis=1), tags(transfer)) * 255
    np.testing.assert_allclose(grey[:, 0], grey[:, 1], atol=0.5)
    np.testing.assert_allclose(grey[:, 1], right, atol=3)


@pytest.mark.parametrize("transfer", CHROMIUM)
@pytest.mark.parametrize("primaries", ["bt2020", "smpte432", "bt709"])
def test_tone_curve_rises_from_black_to_white(transfer: str, primaries: str) -> None:
    greys = np.repeat(np.linspace(0, 1, 1000)[:, None], 3, axis=1)
    mapped = tone_mapped(greys, tags(transfer, primaries))[:, 1]
    assert (mapped[0], mapped[-1]) == pytest.approx((0, 1), abs=0.002)
    assert (np.diff(mapped) > -1e-3).all()


@pytest.mark.parametrize("transfer", CHROMIUM)
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv420p10le"])
def test_hdr_ramp_is_tone_mapped(tmp_path: Path, transfer: str, pixels: str) -> None:
    ramp = "gradients=s=512x32:c0=black:c1=white:x0=0:x1=511:y0=0:y1=0:n=2:r=5:d=0.4"
    tagged = ("-color_primaries", "bt2020", "-color_trc", transfer, "-colorspace", "bt2020nc")
    meaning = f"setparams=color_primaries=bt2020:color_trc={transfer}:colorspace=bt2020nc"
    clip = tmp_path / "ramp.mp4"
    run_ffmpeg("-f", "lavfi", "-i", ramp, "-vf", f"format={pixels},{meaning}", *X264, *tagged, clip)
    row = shown(clip)[16]
    at = np.array([round(stored * (len(row) - 1)) for stored, _ in CHROMIUM[transfer]])
    np.testing.assert_allclose(row[at, 1], [right for _, right in CHROMIUM[transfer]], atol=6)


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix"),
    [
        ("bt2020", "bt2020-10", "bt2020nc"),
        ("bt2020", "bt709", "bt2020nc"),
        ("smpte432", "bt709", "bt709"),
        ("smpte432", "iec61966-2-1", "bt709"),
        ("bt709", "bt709", "bt709"),
    ],
)
@pytest.mark.parametrize("rgb", [(200, 60, 60), (60, 160, 90), (128, 128, 128)])
def test_wide_gamut_colours_are_converted_to_srgb(
    tmp_path: Path, primaries: str, transfer: str, matrix: str, rgb: tuple[int, int, int]
) -> None:
    colour = "0x" + bytes(rgb).hex()
    srgb = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc"
    stored = f"format=gbrp,{srgb},zscale=p={primaries}:t=bt709:m={matrix}:r=tv,format=yuv420p"
    tagged = ("-color_primaries", primaries, "-color_trc", transfer, "-colorspace", matrix)
    clip = tmp_path / "a.mp4"
    meaning = f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"
    run_ffmpeg(
        "-f",
        "lavfi",
        "-i",
        f"color={colour}:s=64x64:r=5:d=0.4",
        "-vf",
        f"{stored},{meaning}",
        *X264,
        *tagged,
        clip,
    )
    np.testing.assert_allclose(shown(clip)[30, 30], rgb, atol=4)


def test_transparent_pictures_with_wide_colours_are_converted(tmp_path: Path) -> None:
    red = "color=0xC83C3C@0.5:s=64x64:r=5:d=0.4,format=yuva444p10le"
    meaning = "setparams=color_primaries=bt2020:color_trc=bt709:colorspace=bt709"
    to = ("-c:v", "prores_ks", "-profile:v", "4444", "-color_primaries", "bt2020", "-colorspace", "bt709")
    run_ffmpeg("-f", "lavfi", "-i", red, "-vf", meaning, *to, tmp_path / "a.mov")
    pixel = shown(tmp_path / "a.mov")[30, 30].astype(int)
    assert pixel[3] == pytest.approx(128, abs=4)
    assert pixel[0] > 215  # the same numbers mean a stronger red
