"""Time ranges of a video, each with two handles and the frames at both ends."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Ranges(anywidget.AnyWidget):
    """At least one range of a video, in playing order.

    While a handle is dragged, the stage shows the frame at its time.
    """

    _esm: ClassVar = script("controls/ranges")
    _css: ClassVar = style("controls/ranges")

    page_url = traitlets.Unicode().tag(sync=True)
    source_id = traitlets.Unicode().tag(sync=True)
    frame_url = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """The URL of the video's frames; takes the parameter `at_s`."""
    frame_s = traitlets.Float(0.04).tag(sync=True)
    """The duration of a frame."""
    duration_s = traitlets.Float(1.0).tag(sync=True)
    value = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    """`[start_s, end_s]` of each range."""
    max_ranges = traitlets.Int(50).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
