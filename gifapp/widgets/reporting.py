"""Shows and logs errors in widget callbacks, which ipywidgets would lose."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gifapp import errors

_log = logging.getLogger(__name__)


class Reporter:
    """Runs callbacks, and shows their errors to the user."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """`show` displays a sentence to the user."""
        self._show = show

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Report an error that ends the block."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  the boundary to the page: nobody else would handle it
            self.report(error)

    def report(self, error: BaseException) -> None:
        if isinstance(error, errors.GifappError):
            _log.warning("action refused: %s: %s", error.code, error)
            self._show(str(error))
        else:
            _log.error("dashboard callback failed", exc_info=error)
            self._show("Something went wrong on this page. Reload it and try again.")
