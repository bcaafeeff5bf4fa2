"""What the API returns of a recipe's captions, subtitles and overlay, drawn for a page."""

from __future__ import annotations

from gifapp.domain.views.jobs import View


class LayerView(View):
    """A text or the overlay: when it is shown in the GIF, where, and a transparent PNG of it in base64.

    `part` is the recipe's field: `captions.0`, `subtitles` or `overlay`. `end_s` null: until the end.
    """

    part: str
    start_s: float
    end_s: float | None
    x_px: int
    y_px: int
    width_px: int
    height_px: int
    png: str


class LayersView(View):
    """The layers of a GIF of this size, bottom first; `notes` are sentences about what is not shown."""

    width_px: int
    height_px: int
    layers: list[LayerView]
    notes: list[str]
