"""Records frames, one by one, into a GIF."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gifapp import errors
from gifapp.conversion.intake.colouring import Colouring
from gifapp.conversion.intake.frames import pixels_of
from gifapp.conversion.intake.lossless import FrameWriter
from gifapp.conversion.pipeline import GifReport, convert, refitting_itself
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import MAX_SIDE_PX, Recipe
from gifapp.domain.timing import MAX_FPS

RECORDED_FPS = 20.0


class Recording:
    """A recording, used as a context manager: `add` its frames; leaving the context makes the GIF.

    Attributes:
        report: the GIF's report, once the recording is over. The recording displays itself like it.
    """

    def __init__(self, fps: float, recipe: Recipe, output: str | Path | None, colouring: Colouring) -> None:
        self._fps = fps
        self._recipe = recipe if recipe.fps is not None else recipe.model_copy(update={"fps": fps})
        self._output = output
        self._colouring = colouring
        self._cleanup = ExitStack()
        self._writer: FrameWriter | None = None
        self._report: GifReport | None = None
        self._longest_px = 0

    def __enter__(self) -> Self:
        self._report = None
        folder = Path(self._cleanup.enter_context(tempfile.TemporaryDirectory(prefix="gifapp-")))
        self._path = folder / "recording"
        self._writer = self._cleanup.enter_context(FrameWriter(self._path, fps=self._fps))
        return self

    def add(self, frame: Any) -> None:
        """Add a frame: a figure, an array (height, width[, 3 or 4]) or a Pillow image, as it is now.

        Raises:
            errors.FramesInvalid: it cannot be shown, or its size differs from the first one's.
            errors.FieldInvalid: the colormap does not suit it.
            errors.NotRecording: the recording is over, or has not begun.
        """
        if self._writer is None:
            raise errors.NotRecording
        pixels = pixels_of(frame, self._colouring)
        self._longest_px = max(self._longest_px, *pixels.shape[:2])
        self._writer.write(pixels)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        writer, self._writer = self._writer, None
        with self._cleanup:
            if error is None and writer is not None:
                writer.close()
                self._report = self._converted()

    def _converted(self) -> GifReport:
        if not self._path.exists():
            raise errors.FramesInvalid(problem="there are none")
        recipe = _of_full_size(self._recipe, self._longest_px)
        return refitting_itself(convert(self._path, recipe, self._output), Limits())

    @property
    def report(self) -> GifReport:
        """The GIF.

        Raises:
            errors.NotRecorded: the recording is not over, or it failed.
        """
        if self._report is None:
            raise errors.NotRecorded
        return self._report

    def __repr__(self) -> str:
        return "Recording without a GIF" if self._report is None else f"Recording, {self._report.summary}"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        if self._report is None:
            return {"text/plain": repr(self)}
        return self._report._repr_mimebundle_() | {"text/html": self._report._repr_html_()}


def _of_full_size(recipe: Recipe, longest_px: int) -> Recipe:
    """The recipe without the usual limit on the size, which blurs plots, unless it sets one itself."""
    if recipe.preset or recipe.width_px is not None or recipe.height_px is not None:
        return recipe
    return recipe.model_copy(update={"width_px": min(longest_px, MAX_SIDE_PX)})


def record(
    recipe: Recipe | None = None,
    output: str | Path | None = None,
    *,
    fps: float = RECORDED_FPS,
    cmap: Any = None,
    vmin: float | None = None,
    vmax: float | None = None,
) -> Recording:
    """Record frames into a GIF: `with gifapp.record(fps=20) as gif: gif.add(figure)`.

    Frames are compressed on disk as they come; nothing stays if the context is left by an error. The GIF has
    the frames' size unless the recipe sets one.

    Args:
        recipe: how to convert the recording; its `fps` thins the frames.
        output: where to write the GIF; without it, the report holds it.
        fps: how many frames are recorded for each second of the GIF, at most 50.
        cmap: a matplotlib colormap or its name, for grey frames; needs `vmin` and `vmax`.
        vmin: the number in the frames that is shown as black, or as the lower end of `cmap`.
        vmax: the number that is shown as white, or as the upper end of `cmap`.

    Raises:
        errors.FieldInvalid: an argument cannot be used.
        errors.FramesInvalid: at the end, if there is no frame.
    """
    if not 0 < fps <= MAX_FPS:
        raise errors.FieldInvalid(field="fps", problem=f"must be above 0 and at most {MAX_FPS:g}, not {fps}")
    colouring = Colouring(cmap, vmin, vmax).ready()
    if colouring.needs_extremes:
        problem = "must be set, and so must vmax: frames that come one by one are not known in advance"
        raise errors.FieldInvalid(field="vmin", problem=problem)
    return Recording(fps, recipe or Recipe(), output, colouring)
