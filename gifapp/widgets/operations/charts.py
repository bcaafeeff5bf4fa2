"""The operations page's charts, drawn in the page by Chart.js."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import Any, ClassVar

import anywidget
import traitlets

from gifapp.domain.views.administration import QueueView
from gifapp.domain.views.statistics import DistributionView, StatisticsView
from gifapp.widgets.assets import script, style

_MAX_SAMPLES = 720  # of the queue: half an hour at one every three seconds
_OUTCOMES = ("succeeded", "failed", "dead", "cancelled")


class Charts(anywidget.AnyWidget):
    """Four charts, updated in place. Times are in milliseconds since 1970, as JavaScript has them."""

    _esm: ClassVar = script("operations/charts")
    _css: ClassVar = style("operations/charts")

    outcomes = traitlets.Dict().tag(sync=True)
    """How many jobs ended in each step that begins `at`, by final state."""
    queue = traitlets.Dict().tag(sync=True)
    """How many jobs were `due` and `running` `at` a time."""
    durations = traitlets.Dict().tag(sync=True)
    """Points `x`, seconds, and `y`, jobs, of the histograms `converting` and `waiting`."""
    errors = traitlets.Dict().tag(sync=True)
    """How many jobs failed for good, by error code."""

    def __init__(self, at: datetime, queue: QueueView, statistics: StatisticsView) -> None:
        self._samples: deque[tuple[float, int, int]] = deque(maxlen=_MAX_SAMPLES)
        super().__init__()
        self.show_queue(at, queue)
        self.show_statistics(statistics)

    def show_queue(self, at: datetime, queue: QueueView) -> None:
        """Add a sample of the queue."""
        self._samples.append((_milliseconds(at), queue.due, queue.running))
        self.queue = dict(
            zip(("at", "due", "running"), map(list, zip(*self._samples, strict=True)), strict=True)
        )

    def show_statistics(self, statistics: StatisticsView) -> None:
        """Replace the statistics shown."""
        steps = statistics.steps
        counts = {name: [getattr(step, name) for step in steps] for name in _OUTCOMES}
        self.outcomes = {"at": [_milliseconds(step.at) for step in steps], **counts}
        self.durations = {name: _points(getattr(statistics, name)) for name in ("converting", "waiting")}
        self.errors = {error.code.replace("-", " "): error.count for error in statistics.errors}


def _milliseconds(at: datetime) -> float:
    return at.timestamp() * 1000


def _points(spread: DistributionView) -> list[dict[str, Any]]:
    """The bars from the first to the last that is not empty."""
    filled = [number for number, count in enumerate(spread.counts) if count]
    shown = slice(filled[0], filled[-1] + 1) if filled else slice(0)
    bars = zip(spread.bounds_s[shown], spread.counts[shown], strict=True)
    return [{"x": bound_s, "y": count} for bound_s, count in bars]
