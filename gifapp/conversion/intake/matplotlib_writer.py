"""Draws matplotlib animations through its own movie-writer interface.

Import it only to convert an animation: matplotlib is not a dependency of gifapp.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import AbstractMovieWriter, Animation, writers
from PIL import Image

from gifapp.conversion.intake.lossless import FrameWriter, OnFrame, Pixels

NAME = "gifapp"


def store_animation(animation: Animation, path: Path, fps: float, on_frame: OnFrame) -> None:
    """Draw every frame of the animation into a lossless file at `path`.

    It plays at the animation's own interval, or at `fps` if that is missing or 0.

    Raises:
        errors.FramesInvalid: the figure's size changes, or the frames could not be stored.
        Exception: whatever the animation's own functions raise.
    """
    rate: Any = None if getattr(animation, "_interval", None) else fps
    # passed by name, so that matplotlib derives the writer's rate from the interval
    animation.save(str(path), writer=NAME, fps=rate, progress_callback=lambda *_: on_frame())


@writers.register(NAME)
class _Writer(AbstractMovieWriter):
    @classmethod
    def isAvailable(cls) -> bool:  # noqa: N802  matplotlib's name
        return True

    def _supports_transparency(self) -> bool:
        return True  # otherwise matplotlib draws the figure on white

    def setup(self, fig: Any, outfile: Any, dpi: float | None = None) -> None:
        super().setup(fig, outfile, dpi)
        self._frames = FrameWriter(Path(outfile), fps=self.fps)

    def grab_frame(self, **savefig_kwargs: Any) -> None:
        png = io.BytesIO()
        # a PNG stores its size; `frame_size` can be a pixel off, and the figure may have changed since
        as_png = {"format": "png", "dpi": self.dpi, "pil_kwargs": {"compress_level": 0}}
        self.fig.savefig(png, **{**savefig_kwargs, **as_png})
        self._frames.write(_pixels(png))

    def finish(self) -> None:
        self._frames.close()


def _pixels(png: io.BytesIO) -> Pixels:
    with Image.open(png) as image:
        rgba = np.asarray(image)
    return rgba[..., :3] if rgba[..., 3].min() == 255 else rgba
