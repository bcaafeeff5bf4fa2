"""Time ranges of a video: two handles each, with the frames at both ends."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.widgets.assets import script, style


class Ranges(anywidget.AnyWidget):
    """Some ranges of a video, in the order in which they play; at least one.

    While a handle is dragged, the page tells the stage to show the picture there.
    """

    _esm: ClassVar = script("controls/ranges")
    _css: ClassVar = style("controls/ranges")

    page_url = traitlets.Unicode().tag(sync=True)
    source_id = traitlets.Unicode().tag(sync=True)
    frame_url = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """Where the video's pictures are; it wants `at_s`."""
    frame_s = traitlets.Float(0.04).tag(sync=True)
    """How long one picture of the video shows."""
    duration_s = traitlets.Float(1.0).tag(sync=True)
    value = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    """`[start_s, end_s]` of each."""
    most = traitlets.Int(50).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
