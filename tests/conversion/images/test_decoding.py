"""Untrusted pictures are decoded by libavcodec, never by Pillow's own decoders."""

import ast
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

import gifapp
from gifapp.conversion.images.decoding import decode
from gifapp.conversion.images.readers import jpeg
from tests.conversion.images.seen import frames
from tests.support.pictures import saved

FORMATS = ("GIF", "PNG", "PNG animated", "WEBP", "WEBP animated", "JPEG", "AVIF", "AVIF animated")
WITHOUT_DECODERS = """
from PIL import Image, ImageFile

def refuse(*args, **kwargs):
    raise AssertionError("Pillow was asked to decode a stranger's picture")

Image.open = ImageFile.ImageFile.__init__ = refuse
Image._getdecoder = lambda mode, name, *args, found=Image._getdecoder: (
    found(mode, name, *args) if name == "raw" else refuse()  # it copies pixels that are decoded
)
"""
CONVERT = """
import base64, pathlib, sys
from gifapp import Recipe, convert
from gifapp.domain.recipes.recipe import Overlay

for path in map(pathlib.Path, sys.argv[1:]):
    overlay = Overlay(image=base64.b64encode(path.read_bytes()).decode()) if "AVIF" not in path.name else None
    convert(path, Recipe(overlay=overlay), path.with_suffix(".gif"))
"""


def file_of(kind: str) -> bytes:
    """A small picture, or an animation of two."""
    gradient = np.add.outer(np.arange(32), np.arange(48)).astype(np.uint8)
    first = Image.fromarray(np.stack([gradient, gradient * 2, 255 - gradient], -1))
    name, _, moves = kind.partition(" ")
    animated = {"save_all": True, "append_images": [first.rotate(180)], "duration": 200}
    return saved(first, name, **(animated if moves else {}))


def test_every_format_is_converted_without_pillows_decoders(tmp_path: Path) -> None:
    """As a source, in the child processes that inspect and decode it, and as a recipe's overlay."""
    (tmp_path / "sitecustomize.py").write_text(WITHOUT_DECODERS)
    paths = [tmp_path / kind for kind in FORMATS]
    for path, kind in zip(paths, FORMATS, strict=True):
        path.write_bytes(file_of(kind))
    path_of_modules = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"PYTHONPATH": path_of_modules}
    subprocess.run([sys.executable, "-P", "-c", CONVERT, *paths], env=env, check=True)
    assert all(path.with_suffix(".gif").read_bytes().startswith(b"GIF89a") for path in paths)


def test_package_opens_no_files_with_pillow() -> None:
    """Except matplotlib's drawings, which it has just made."""
    nodes = [
        (path.stem, node, ast.unparse(node))
        for path in Path(gifapp.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.Import | ast.ImportFrom)
    ]
    assert {stem for stem, _, code in nodes if code.endswith("Image.open")} == {"figures"}
    imports = {code for _, node, code in nodes if not isinstance(node, ast.Attribute) and "PIL" in code}
    assert [code for code in imports if " as " in code or "import open" in code] == []


def test_picture_larger_than_declared_is_not_decoded() -> None:
    larger = saved(Image.new("RGB", (1000, 1000)), "JPEG")
    with pytest.raises(ValueError, match="damaged"):  # not: its size differs
        decode("mjpeg", larger, (8, 8))


def photo(size: tuple[int, int] = (65, 47)) -> Image.Image:
    """Colours that vary everywhere, as in a photograph, and dimensions that no block size divides."""
    x, y = np.meshgrid(np.linspace(0, 6, size[0]), np.linspace(0, 5, size[1]))
    waves = [np.sin(x * 1.3 + y), np.cos(x - y * 0.7), np.sin(x * y / 4)]
    return Image.fromarray((127 + 100 * np.stack(waves, -1)).astype(np.uint8))


def test_jpeg_with_very_many_scans_is_refused() -> None:
    """Each scan takes as long as a whole picture, however few bytes it has."""
    picture = saved(Image.new("RGB", (16, 16), "red"), "JPEG", progressive=True)
    start, end = picture.rindex(b"\xff\xda"), picture.rindex(b"\xff\xd9")
    more = jpeg.MAX_SCANS - picture.count(b"\xff\xda")
    most = picture[:end] + more * picture[start:end] + picture[end:]
    jpeg.read(memoryview(most + 1000 * b"\xff\xda"))  # as large as a motion photo's video may be
    with pytest.raises(ValueError, match="too many scans"):
        jpeg.read(memoryview(picture[:end] + (more + 1) * picture[start:end] + picture[end:]))


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jpegs_of_every_kind_match_libjpeg(mode: str, options: dict[str, bool], subsampling: int) -> None:
    """Chromium decodes with libjpeg-turbo, and so does Pillow, which encodes the file here."""
    if mode == "CMYK":
        subsampling = 0
    data = saved(photo().convert(mode), "JPEG", quality=90, subsampling=subsampling, **options)
    assert off(data) < (0.6, 8)


@pytest.mark.parametrize("options", [{}, {"quality": 60}, {"lossless": True}])
@pytest.mark.parametrize("has_alpha", [False, True])
def test_webps_of_every_kind_match_libwebp(options: dict[str, int], has_alpha: bool) -> None:
    picture = photo()
    if has_alpha:
        picture.putalpha(picture.getchannel(0))
    exact = {"exact": True} if options.get("lossless") else {}
    data = saved(picture, "WEBP", **options, **exact)
    assert off(data) <= ((0, 0) if exact else (0.6, 8))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4", "4:0:0"])
@pytest.mark.parametrize("options", [{}, {"range": "limited"}, {"advanced": {"enable-cdef": "0"}}])
def test_avifs_of_every_kind_match_libavif(subsampling: str, options: dict[str, Any]) -> None:
    assert off(saved(photo(), "AVIF", quality=90, subsampling=subsampling, **options)) < (1, 8)


@pytest.mark.parametrize(
    ("turn", "shape"), [(2, (47, 65)), (3, (47, 65)), (5, (65, 47)), (6, (65, 47)), (7, (65, 47))]
)
@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "PNG"])
def test_rotated_and_mirrored_pictures_are_upright(kind: str, turn: int, shape: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = turn
    data = saved(photo(), kind, exif=exif)
    assert frames(data)[0].shape[:2] == shape
    assert off(data, ImageOps.exif_transpose) < (1, 12)


def off(
    data: bytes, shown_by_pillow: Callable[[Image.Image], Image.Image] = lambda image: image
) -> tuple[float, int]:
    """The mean and largest difference between our pixels and those of the encoder's own decoder."""
    (ours,) = frames(data)
    with Image.open(io.BytesIO(data)) as opened:
        theirs = np.asarray(shown_by_pillow(opened).convert("RGBA")).astype(int)
    differences = np.abs(ours.astype(int) - theirs)
    return differences.mean(), int(differences.max())
