"""Draws matplotlib animations through its own movie-writer interface.

Import it only to convert an animation: matplotlib is not a dependency of gifapp.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from matplotlib.animation import AbstractMovieWriter, Animation, writers

from gifapp.conversion.intake.figures import pixels_of_png
from gifapp.conversion.intake.lossless import FrameWriter, OnFrame

NAME = "gifapp"


def store_animation(animation: Animation, path: Path, fps: float, on_frame: OnFrame) -> float:
    """Draw every frame of the animation into a lossless file at `path`; returns its frame rate.

    It plays at the animation's own interval, or at `fps` if that is missing or 0.

    Raises:
        errors.FramesInvalid: the figure's size changes, or the frames could not be stored.
        Exception: whatever the animation's own functions raise.
    """
    interval_ms = getattr(animation, "_interval", None)
    rate: Any = None if interval_ms else fps
    # passed by name, so that matplotlib derives the writer's rate from the interval
    animation.save(str(path), writer=NAME, fps=rate, progress_callback=lambda *_: on_frame())
    return 1000 / interval_ms if interval_ms else fps


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
        self._frames.write(pixels_of_png(png.getvalue()))

    def finish(self) -> None:
        self._frames.close()
