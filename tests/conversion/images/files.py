"""Writes pictures, and folders and zips of them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from tests.support.letters import pixels

MAX_PIXELS = 1000


def picture(rows: list[str]) -> Image.Image:
    shown = pixels([rows])[0]
    return Image.fromarray(shown if (shown[..., 3] == 0).any() else shown[..., :3].copy())


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def commented(text: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", text)
    return info


def folder_of(path: Path, files: dict[str, bytes]) -> Path:
    path.mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


def zip_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


LETTERS = {
    f"shot{number}.png": saved(picture([letter])) for number, letter in ((1, "R"), (2, "G"), (10, "B"))
}


NOISE = saved(Image.fromarray(np.random.default_rng(1).integers(0, 255, (30, 30, 3), np.uint8)))
