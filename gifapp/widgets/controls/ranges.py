"""The timeline: pictures of a whole video, and time ranges of it, each with two handles."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.domain.filmstrip import TILES
from gifapp.widgets.assets import script, style


class Ranges(anywidget.AnyWidget):
    """At least one range of a video, in playing order.

    While something on it is dragged, the stage shows the frame at its time; its playhead is the stage's time.
    """

    _esm: ClassVar = script("controls/ranges")
    _css: ClassVar = style("controls/ranges")

    page_url = traitlets.Unicode().tag(sync=True)
    source_id = traitlets.Unicode().tag(sync=True)
    filmstrip_url = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    tiles = traitlets.Int(TILES).tag(sync=True)
    """The number of pictures in the filmstrip."""
    frame_s = traitlets.Float(0.04).tag(sync=True)
    """The duration of a frame."""
    duration_s = traitlets.Float(1.0).tag(sync=True)
    value = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    """`[start_s, end_s]` of each range."""
    max_ranges = traitlets.Int(50).tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
