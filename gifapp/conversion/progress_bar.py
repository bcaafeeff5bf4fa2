"""A progress bar in terminals and notebooks, by tqdm."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from gifapp.conversion.comparing import OnProgress
from gifapp.conversion.review.options import options
from gifapp.domain.job import Progress
from gifapp.domain.wording import PHASES

_AFTER_S = 0.5  # shorter work needs no bar
_FORMAT = "{desc:<19}{percentage:3.0f} %|{bar}| {elapsed}{postfix}"


@contextmanager
def listener(on_progress: OnProgress | None) -> Iterator[OnProgress]:
    """`on_progress`, or without one, a bar if somebody can see it."""
    if on_progress is not None:
        yield on_progress
        return
    with ExitStack() as cleanup:
        yield _Bar(cleanup) if options.progress and (_in_notebook() or sys.stderr.isatty()) else _ignore


class _Bar:
    """Shows the bar once the work takes a while; `cleanup` removes it."""

    def __init__(self, cleanup: ExitStack) -> None:
        self._cleanup = cleanup
        self._begun_s = time.monotonic()
        self._bar: Any = None

    def __call__(self, progress: Progress) -> None:
        if self._bar is None and time.monotonic() - self._begun_s < _AFTER_S:
            return
        words = PHASES[progress.phase]
        self._bar = self._bar or self._cleanup.enter_context(_tqdm(words))
        self._bar.set_description_str(words, refresh=False)
        if progress.eta_s is not None:
            self._bar.set_postfix_str(f"{progress.eta_s:.0f} s left", refresh=False)
        self._bar.update(100 * progress.fraction - self._bar.n)
        self._bar.refresh()


@contextmanager
def _tqdm(words: str) -> Iterator[Any]:
    if not _in_notebook():
        from tqdm import tqdm  # noqa: PLC0415  slow to import

        with tqdm(total=100, desc=words, leave=False, bar_format=_FORMAT) as bar:
            yield bar
        return
    from IPython.display import display as displayed  # noqa: PLC0415  in notebooks it is there

    display: Any = displayed  # carries no types
    from tqdm.auto import tqdm as tqdm_auto  # noqa: PLC0415

    with tqdm_auto(total=100, desc=words, leave=False, bar_format=_FORMAT, display=False) as bar:
        # shown by ourselves, so that no trace of it remains in the notebook's output
        shown = display(bar.container, display_id=True)
        try:
            yield bar
        finally:
            shown.update({"text/plain": ""}, raw=True)


def _in_notebook() -> bool:
    """Whether the code runs in a Jupyter kernel."""
    module = sys.modules.get("IPython")
    with suppress(AttributeError):
        return module is not None and module.get_ipython().kernel is not None
    return False


def _ignore(progress: Progress) -> None:
    """Where nobody would see a bar."""
