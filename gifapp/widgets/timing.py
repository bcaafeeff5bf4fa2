"""The length of a source's frames."""

from __future__ import annotations

from gifapp.domain.views.jobs import SourceView

_FRAME_S = 0.04  # for videos of unknown frame rate
_SHORTEST_S = 0.01  # for animations, whose frames have individual durations


def frame_s(source: SourceView) -> float:
    """How long before its end a range's last frame is shown."""
    if source.keeps_times:
        return _SHORTEST_S
    return 1 / source.fps if source.fps else _FRAME_S
