"""Retries transient failures with exponential back-off, or as `Retry-After` says."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from gifapp import errors

RETRIED = (errors.Transient, errors.TooManyRequests, errors.TooManyConnections)
_MAX_WAIT_S = 15.0
_MAX_RETRY_AFTER_S = 120
_MAX_FAILURES = 10  # ten retries wait about a minute in total

Result = TypeVar("Result")


class Retries:
    """Counts the failures since the last success."""

    def __init__(self) -> None:
        self._failures = 0

    def reset(self) -> None:
        self._failures = 0

    def wait(self, error: errors.GifappError) -> None:
        """Sleep before the next try.

        Raises:
            errors.GifappError: `error`, after ten failures, or if it asks for a wait of over two minutes.
        """
        if self._failures == _MAX_FAILURES or _retry_after_s(error) > _MAX_RETRY_AFTER_S:
            raise error
        time.sleep(wait_s(self._failures, error))
        self._failures += 1


def with_retries(call: Callable[[], Result]) -> Result:
    """Call `call` until it succeeds, and return its result; it must be safe to repeat.

    Raises:
        errors.GifappError: see `Retries.wait`.
    """
    retries = Retries()
    while True:
        try:
            return call()
        except RETRIED as error:
            retries.wait(error)


def wait_s(failures: int, error: BaseException | None = None) -> float:
    """How long to wait after this many failures in a row."""
    longest_s = min(_MAX_WAIT_S, 0.5 * 2.0**failures)
    # jitter, so that not all clients of a restarted server return at the same moment
    return max(_retry_after_s(error), longest_s * random.uniform(0.5, 1))  # noqa: S311


def _retry_after_s(error: BaseException | None) -> float:
    seconds = error.facts.get("retry_after_s", 0) if isinstance(error, errors.GifappError) else 0
    return float(seconds)
