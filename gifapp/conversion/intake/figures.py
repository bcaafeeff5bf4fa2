"""Draws matplotlib and plotly figures."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

from gifapp import errors
from gifapp.conversion.frame import Pixels


def is_figure(frame: Any) -> bool:
    return is_matplotlib_figure(frame) or hasattr(frame, "to_image")


def is_matplotlib_figure(frame: Any) -> bool:
    # a caller with a figure has imported matplotlib; others should not pay for the import
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(frame, module.Figure)


def open_figures() -> set[int]:
    """The numbers of pyplot's open figures."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return set(pyplot.get_fignums()) if pyplot else set()


def close_figures(numbers: Iterable[int]) -> None:
    """Close the open figures with these numbers."""
    for number in numbers:
        sys.modules["matplotlib.pyplot"].close(number)


def pixels_of_figure(figure: Any) -> Pixels:
    """Draw a matplotlib figure in its own size, or a plotly figure in its layout's.

    Raises:
        errors.FramesInvalid: plotly lacks what it needs to draw.
    """
    if is_matplotlib_figure(figure):
        return _drawn_by_matplotlib(figure)
    try:
        return pixels_of_png(figure.to_image(format="png"))
    except (ValueError, RuntimeError) as refused:  # plotly without kaleido, kaleido without Chrome
        problem = f"plotly needs kaleido and Chrome to draw figures: pip install kaleido ({_line(refused)})"
        raise errors.FramesInvalid(problem=problem) from refused


def pixels_of_png(content: bytes) -> Pixels:
    """The pixels of a PNG; RGB if it is opaque."""
    with Image.open(io.BytesIO(content)) as image:
        rgba = np.asarray(image.convert("RGBA"))
    return rgba[..., :3] if rgba[..., 3].min() == 255 else rgba


def _drawn_by_matplotlib(figure: Any) -> Pixels:
    import matplotlib as mpl  # noqa: PLC0415  optional

    png = io.BytesIO()
    # a tight box would give each frame a size of its own; a PNG stores its size, which may differ from the
    # canvas's by a pixel
    with mpl.rc_context({"savefig.bbox": None, "savefig.dpi": "figure"}):
        figure.savefig(png, format="png", pil_kwargs={"compress_level": 0})
    return pixels_of_png(png.getvalue())


def _line(refused: Exception) -> str:
    return " ".join(str(refused).split())[:120]
