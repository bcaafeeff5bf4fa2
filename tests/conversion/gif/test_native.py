"""The compiled kernels: built from these sources, equal on every processor, strict about their arguments."""

import ctypes
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gifapp import errors
from gifapp.conversion.gif.native import library, sources
from gifapp.conversion.gif.tolerance import EXACT

DIGEST = """
import ctypes, hashlib, io
import numpy as np
load = ctypes.CDLL
ctypes.CDLL = lambda path: load(path.replace({instead!r}, "kernels.so"))
from gifapp.conversion.frame import Frame
from gifapp.conversion.gif.encoder import Style, encode
from gifapp.conversion.gif.tolerance import EXACT

random = np.random.default_rng(1)
shades = np.linspace(0, 200, 8 * 40 * 60 * {channels}).reshape(8, 40, 60, {channels})
film = (shades + random.normal(20, 9, shades.shape)).clip(0, 255).astype(np.uint8)
out = io.BytesIO()
encode((Frame(picture, 8) for picture in film), out, width_px=60, height_px=40, loop=0, style={style})
print(hashlib.sha256(out.getvalue()).hexdigest())
"""


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    "style", ["Style()", "Style(colours=40, dither='bayer')", "Style(lossy=60)", "Style(effort=3)"]
)
@pytest.mark.skipif(not library.has_avx2, reason="there is one build for this processor")
def test_both_builds_make_the_same_gif(style: str, channels: int) -> None:
    made = [digest(instead, style, channels) for instead in ("kernels_avx2.so", "nothing")]
    assert made[0] == made[1]


def digest(instead: str, style: str, channels: int) -> str:
    code = DIGEST.format(instead=instead, style=style, channels=channels)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def native(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the compiled libraries and their sources."""
    directory = shutil.copytree(sources.DIRECTORY, tmp_path / "native")
    monkeypatch.setattr(sources, "DIRECTORY", directory)
    return directory


def test_library_built_from_these_sources_is_loaded(native: Path) -> None:
    assert library.load()


def test_library_built_from_other_sources_is_refused(native: Path) -> None:
    (native / "lzw.c").write_text((native / "lzw.c").read_text() + "\n")
    with pytest.raises(errors.EncoderNotBuilt, match="pip install"):
        library.load()


def test_missing_library_says_what_to_do(native: Path) -> None:
    for built in native.glob("*.so"):
        built.unlink()
    with pytest.raises(errors.EncoderNotBuilt, match="pip install"):
        library.load()


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 8, 3), np.uint8)[:, ::2],
    ],
    ids=["floats", "no channels", "gaps"],
)
def test_unsuitable_arrays_are_refused(pixels: np.ndarray) -> None:
    screen, rules, where = np.zeros((4, 4, 4), np.uint8), np.zeros(4, np.int32), np.zeros(4, np.int64)
    with pytest.raises(ctypes.ArgumentError):
        library.find_changed(pixels, np.array([4, 4, 3]), screen, rules, where)


def test_too_many_clusters_are_refused() -> None:
    points = np.random.default_rng(1).integers(1, 256, (2000, 4)).astype(np.float32)
    order, owners = np.arange(2000, dtype=np.int32), np.empty(2000, np.int32)
    clusters = library.split(points, 2000, EXACT.weights, 2000, 0.0, order, owners)
    assert (clusters, owners.max()) == (256, 255)
