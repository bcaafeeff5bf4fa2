"""The strip of frames: single frames of a clip are deleted, repeated, reordered and timed."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import traitlets

from gifapp.domain.recipes.recipe import MAX_FRAME_EDITS
from gifapp.widgets.assets import script, style


class FrameStrip(anywidget.AnyWidget):
    """The frames that a recipe shows; the page reads their pictures from the service while it is open."""

    _esm: ClassVar = script("controls/frames")
    _css: ClassVar = style("controls/frames")

    page_url = traitlets.Unicode().tag(sync=True)
    strip_url = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    is_open = traitlets.Bool(default_value=False).tag(sync=True)
    recipe = traitlets.Unicode(allow_none=True, default_value=None).tag(sync=True)
    """The recipe whose frames are shown, as JSON; None while it is closed."""
    value = traitlets.List(traitlets.Dict()).tag(sync=True)
    """`{number, delay_cs}` of each frame that is shown, in order; empty: all frames."""
    max_frames = traitlets.Int(MAX_FRAME_EDITS).tag(sync=True)
