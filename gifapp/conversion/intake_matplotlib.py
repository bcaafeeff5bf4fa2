"""matplotlib's animations, drawn through its own interface for writers of films.

Import it only when somebody has an animation: matplotlib is no dependency of gifapp.
"""

from __future__ import annotations

import io
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import AbstractMovieWriter, Animation, writers

from gifapp.conversion.intake import OnFrame
from gifapp.conversion.lossless import lossless_file

NAME = "gifapp"


def store_animation(animation: Animation, path: Path, on_frame: OnFrame) -> None:
    """Draw every frame of the animation into a lossless file at `path`, at its own interval.

    Raises:
        errors.FramesInvalid: the frames could not be stored.
        Exception: whatever the animation's own functions raise.
    """
    # by its name, so that matplotlib tells the writer the interval's rate
    animation.save(str(path), writer=NAME, progress_callback=lambda *_: on_frame())


@writers.register(NAME)
class _Writer(AbstractMovieWriter):
    @classmethod
    def isAvailable(cls) -> bool:  # noqa: N802  matplotlib's name
        return True

    def setup(self, fig: Any, outfile: Any, dpi: float | None = None) -> None:
        super().setup(fig, outfile, dpi)
        width, height = self.frame_size
        self._opened = ExitStack()
        file = lossless_file(Path(outfile), fps=self.fps, width_px=width, height_px=height, has_alpha=False)
        self._write = self._opened.enter_context(file)

    def grab_frame(self, **savefig_kwargs: Any) -> None:
        drawn = io.BytesIO()
        self.fig.savefig(drawn, **{**savefig_kwargs, "format": "rgba", "dpi": self.dpi})
        width, height = self.frame_size
        self._write(np.frombuffer(drawn.getbuffer(), np.uint8).reshape(height, width, 4)[..., :3])

    def finish(self) -> None:
        self._opened.close()
