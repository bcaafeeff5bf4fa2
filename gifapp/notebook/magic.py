"""The cell magic `%%gif`: every figure and picture that the cell shows becomes a frame."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from weakref import WeakSet

from IPython.core.formatters import DisplayFormatter
from IPython.core.magic import Magics, cell_magic, magics_class
from IPython.core.magic_arguments import argument, magic_arguments, parse_argstring

from gifapp import errors
from gifapp.conversion.intake.figures import (
    close_figures,
    is_figure,
    is_matplotlib_figure,
    open_figures,
    pixels_of_png,
)
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.typed_values import bytes_in
from gifapp.notebook.recording import RECORDED_FPS, Recording, record


@magics_class
class GifMagics(Magics):
    """The magic; `%load_ext gifapp` registers it."""

    @magic_arguments()
    @argument("--fps", type=float, default=RECORDED_FPS, help="frames per second, at most 50")
    @argument("--width", type=int, help="the GIF's width in pixels")
    @argument("--target-size", help="the largest size of the file, such as 2MB")
    @argument("--output", help="where to write the GIF")
    @argument("--name", help="a variable for the report")
    @cell_magic
    def gif(self, line: str, cell: str) -> Any:
        """Run the cell, and show a GIF of what it shows: figures and pictures, in order."""
        options, shell = _options(self.gif, line), cast("Any", self.shell)
        recording = record(_recipe(options.width, options.target_size), options.output, fps=options.fps)
        open_before = open_figures()
        with recording as gif:
            with _capturing(shell, gif) as shown:
                result = shell.run_cell(cell)
            if not result.success:  # the cell has shown its error; the GIF would be incomplete
                raise errors.CellFailed
            _add_figures(gif, open_figures() - open_before, shown)
        if options.name:
            shell.user_ns[options.name] = recording.report
        return recording.report


def _options(magic: Any, line: str) -> Any:
    """The magic's options; IPython leaves the quotes around values in place."""
    options = parse_argstring(magic, line)
    for name in ("output", "target_size"):
        value = getattr(options, name)
        if value and value[0] == value[-1] and value[0] in "\"'":
            setattr(options, name, value[1:-1])
    return options


def _recipe(width_px: int | None, target: str | None) -> Recipe:
    values: dict[str, Any] = {} if width_px is None else {"width_px": width_px}
    if target is not None:
        try:
            values["target_bytes"] = round(bytes_in(target))
        except ValueError as refused:
            raise errors.FieldInvalid(field="--target-size", problem=f"is wrong: {refused}") from None
    return Recipe.parse(values)


class _Capture(DisplayFormatter):
    """Adds figures and pictures to a recording instead of showing them; anything else is shown as usual."""

    def __init__(self, usual: Any, gif: Recording, **traits: Any) -> None:
        super().__init__(**traits)
        self._usual = usual
        self._gif = gif
        self.figures: WeakSet[Any] = WeakSet()

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> Any:
        if is_figure(obj):
            self.figures.add(obj)
            self._gif.add(obj)
            return {}, {}
        shown, metadata = self._usual.format(obj, include, exclude)
        picture = shown.get("image/png")
        if picture is None:
            return shown, metadata
        self._gif.add(pixels_of_png(base64.b64decode(picture) if isinstance(picture, str) else picture))
        return {}, {}


@contextmanager
def _capturing(shell: Any, gif: Recording) -> Iterator[WeakSet[Any]]:
    """Capture what is displayed; yields the figures that were."""
    usual = shell.display_formatter
    capture = _Capture(usual, gif, parent=shell)
    shell.display_formatter = capture
    try:
        with _without_flushing(shell):
            yield capture.figures
    finally:
        shell.display_formatter = usual


@contextmanager
def _without_flushing(shell: Any) -> Iterator[None]:
    """Keep matplotlib's inline backend from showing all open figures at the end of the inner cell."""
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    flush = getattr(inline, "flush_figures", None)
    if flush not in shell.events.callbacks["post_execute"]:
        yield
        return
    shell.events.unregister("post_execute", flush)
    try:
        yield
    finally:
        shell.events.register("post_execute", flush)


def _add_figures(gif: Recording, numbers: set[int], shown: WeakSet[Any]) -> None:
    """Add figures that were drawn but not shown, as the end of a cell would show them, and close all."""
    for number in sorted(numbers):
        figure = sys.modules["matplotlib.pyplot"].figure(number)
        if is_matplotlib_figure(figure) and figure not in shown:
            gif.add(figure)
    close_figures(numbers)


def load_ipython_extension(shell: Any) -> None:
    """Register the magic; IPython calls this for `%load_ext gifapp`."""
    shell.register_magics(GifMagics)
