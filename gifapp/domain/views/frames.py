"""The views of single frames."""

from __future__ import annotations

from pydantic import Base64Bytes

from gifapp.domain.views.jobs import View


class FrameStripView(View):
    """The frames that a recipe's list of frames chooses from.

    `delays_cs` has the delay of each, in hundredths of a second. `jpeg`, in base64, shows them in rows of
    `columns`, each in `tile_width_px` x `tile_height_px`.
    """

    delays_cs: list[int]
    columns: int
    tile_width_px: int
    tile_height_px: int
    jpeg: Base64Bytes
