"""The operations page's charts, in one figure so that Plotly's script is sent once."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gifapp.domain.views.administration import QueueView
from gifapp.domain.views.statistics import DistributionView, StatisticsView

_KEPT = 720  # samples of the queue: an hour at one every five seconds
# names and colours in the legends, by the figure shown
_OUTCOMES = {
    "succeeded": ("Succeeded", "#2f9e6e"),
    "failed": ("Failed", "#d9822b"),
    "dead": ("Failed for good", "#cf4a4a"),
    "cancelled": ("Cancelled", "#8a8f98"),
}
_LINES = {"due": ("Waiting", "#d9822b"), "running": ("Running", "#3d7be0")}
_SPREADS = {"converting": ("Conversion time", "#3d7be0"), "waiting": ("Time in queue", "#d9822b")}
_TITLES = ("Finished jobs", "Queue since this page opened", "Job durations", "Errors")
# readable on light and dark backgrounds
_INK, _GRID = "#7d838c", "rgba(125, 131, 140, 0.22)"


class Charts:
    """Four charts, updated in place.

    The widget is created last, with all data: a page that opens a moment later gets its initial state and
    only later changes.

    Attributes:
        figure: the widget.
    """

    def __init__(self, at: datetime, queue: QueueView, statistics: StatisticsView) -> None:
        self.figure: Any = make_subplots(2, 2, subplot_titles=_TITLES, vertical_spacing=0.22)
        self._add_traces()
        self._lay_out()
        self._queue: deque[tuple[datetime, int, int]] = deque(maxlen=_KEPT)
        self.show_queue(at, queue)
        self.show_statistics(statistics)
        self.figure = go.FigureWidget(self.figure)

    def show_queue(self, at: datetime, queue: QueueView) -> None:
        """Add a sample of the queue."""
        self._queue.append((at, queue.due, queue.running))
        times, due, running = zip(*self._queue, strict=True)
        self._show({"due": (times, due), "running": (times, running)})

    def show_statistics(self, statistics: StatisticsView) -> None:
        """Replace the statistics shown."""
        times = [step.at for step in statistics.steps]
        ends = {name: (times, [getattr(step, name) for step in statistics.steps]) for name in _OUTCOMES}
        spreads = {name: _bars(getattr(statistics, name)) for name in _SPREADS}
        counts = statistics.errors[::-1]
        errors = ([error.count for error in counts], [error.code.replace("-", " ") for error in counts])
        self._show({**ends, **spreads, "errors": errors})

    def _show(self, points: dict[str, tuple[Sequence[Any], Sequence[Any]]]) -> None:
        with self.figure.batch_update():
            for meta, (x, y) in points.items():
                self.figure.update_traces({"x": x, "y": y}, {"meta": meta})

    def _add_traces(self) -> None:
        add = self.figure.add_trace
        for meta, (name, color) in _OUTCOMES.items():
            bar = {"name": name, "meta": meta, "marker_color": color, "legend": "legend"}
            add(go.Bar(marker_line_width=0, **bar), 1, 1)
        for meta, (name, color) in _LINES.items():
            line = {"name": name, "meta": meta, "line_color": color, "legend": "legend2"}
            add(go.Scatter(mode="lines", line_shape="hv", **line), 1, 2)
        for meta, (name, color) in _SPREADS.items():
            line = {"name": name, "meta": meta, "line_color": color, "legend": "legend3"}
            add(go.Scatter(mode="lines", line_shape="hvh", fill="tozeroy", **line), 2, 1)
        errors = {"texttemplate": "%{y}", "textposition": "auto", "insidetextanchor": "start"}
        color = _OUTCOMES["failed"][1]
        add(go.Bar(meta="errors", orientation="h", marker_color=color, showlegend=False, **errors), 2, 2)

    def _lay_out(self) -> None:
        legend = {"orientation": "h", "xanchor": "right", "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"}
        self.figure.update_layout(
            barmode="stack",
            height=660,
            margin={"l": 36, "r": 12, "t": 64, "b": 40},
            font={"color": _INK, "size": 12},
            paper_bgcolor="rgba(0,0,0,0)",
            plot_bgcolor="rgba(0,0,0,0)",
            legend={**legend, "x": 0.45, "y": 1.0},
            legend2={**legend, "x": 1.0, "y": 1.0},
            legend3={**legend, "x": 0.45, "y": 0.39},
        )
        self.figure.update_xaxes(gridcolor=_GRID, zeroline=False)
        self.figure.update_yaxes(gridcolor=_GRID, zeroline=False, rangemode="tozero")
        self.figure.update_xaxes(type="log", title="seconds", row=2, col=1)
        self.figure.update_yaxes(showticklabels=False, row=2, col=2)
        starts = {
            title: {"x": 0.55 * (number % 2), "xanchor": "left"} for number, title in enumerate(_TITLES)
        }
        self.figure.for_each_annotation(
            lambda title: title.update(starts[title.text], font_size=14, yshift=22)
        )


def _bars(spread: DistributionView) -> tuple[list[float], list[int]]:
    """The bars from the first to the last that is not empty."""
    filled = [number for number, count in enumerate(spread.counts) if count]
    shown = slice(filled[0], filled[-1] + 1) if filled else slice(0)
    return list(spread.bounds_s[shown]), list(spread.counts[shown])
