"""Proxies show what the GIF shows of the whole source."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from gifapp import errors
from gifapp.conversion import proxy
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.support.clips import pattern


def made(path: Path) -> Path:
    out = path.with_suffix(".proxy.webm")
    limits = Limits()
    proxy.make_proxy(path, out, video=probe(path, limits=limits), limits=limits, on_progress=lambda _: None)
    return out


def test_animation_keeps_its_delays_and_colours(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 48), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=[50, 70, 200])
    with av.open(made(tmp_path / "a.gif")) as clip:
        shown = [
            (float(frame.time or 0), frame.to_ndarray(format="rgb24")[24, 32])
            for frame in clip.decode(video=0)
        ]
    assert [at_s for at_s, _ in shown][:3] == pytest.approx([0, 0.05, 0.12], abs=0.001)
    for (_, colour), expected in zip(shown, ([255, 0, 0], [0, 255, 0], [0, 0, 255]), strict=False):
        assert np.abs(colour.astype(int) - expected).max() < 30  # colours are coarser in a video


def test_fast_video_has_fewer_frames(tmp_path: Path) -> None:
    with av.open(made(pattern(tmp_path / "clip.mp4", fps=60, seconds=0.5))) as clip:
        assert len([*clip.decode(video=0)]) == 15


def test_long_video_has_a_limited_number_of_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "_MAX_FRAMES", 20)
    with av.open(made(pattern(tmp_path / "clip.mp4", fps=25, seconds=2))) as clip:
        assert len([*clip.decode(video=0)]) == 20


@pytest.mark.parametrize(
    ("limit", "most", "error"),
    [
        ("_MAX_DECODED_PX", 1_000_000, errors.ClipTooManyPixels),
        ("MAX_PROXY_S", 1.0, errors.SourceTooLong),
        ("MAX_BYTES", 1000, errors.ConversionTooBig),
        ("DEADLINE_S", 0.01, errors.ConversionTooSlow),
    ],
)
def test_proxy_that_would_take_too_long_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: float, error: type[errors.GifappError]
) -> None:
    monkeypatch.setattr(proxy, limit, most)
    with pytest.raises(error):
        made(pattern(tmp_path / "clip.mp4", seconds=2))
