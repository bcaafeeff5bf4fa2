"""Shows and logs errors of widget callbacks, which ipywidgets alone would lose."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gifapp import errors

_log = logging.getLogger(__name__)


class Reporter:
    """Runs what a person asked for, and tells them when it fails."""

    def __init__(self, show: Callable[[str], None]) -> None:
        """`show` puts a sentence where the person sees it."""
        self._show = show

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Report the error that ends the block, if one does."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  the border to the page: everything ends here
            self.report(error)

    def report(self, error: BaseException) -> None:
        if isinstance(error, errors.GifappError):
            _log.warning("%s: %s", error.code, error)
            self._show(str(error))
        else:
            _log.error("A callback of the dashboard failed", exc_info=error)
            self._show("That did not work: something went wrong in the page. Reload it and try again.")
