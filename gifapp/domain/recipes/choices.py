"""The choices of a recipe's fields, and their labels in the form."""

from __future__ import annotations

from typing import Literal

from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.presets import PRESETS
from gifapp.domain.recipes.ui_hints import UiHints
from gifapp.domain.wording import size

Direction = Literal["forward", "reverse", "boomerang"]
Deinterlace = Literal["auto", "always", "never"]
Aspect = Literal["1:1", "4:3", "16:9", "9:16", "3:4"]
Rotation = Literal[0, 90, 180, 270]
Flip = Literal["none", "horizontal", "vertical", "both"]
Fit = Literal["contain", "cover", "stretch"]
Content = Literal["auto", "film", "screen"]
Dither = Literal["auto", "none", "bayer", "floyd_steinberg", "sierra2_4a", "blue_noise"]
PaletteScope = Literal["auto", "global", "scene", "per_frame"]
Position = Literal[
    "top_left", "top", "top_right", "left", "centre", "right", "bottom_left", "bottom", "bottom_right"
]

DIRECTIONS = UiHints(labels={"forward": "Forward", "reverse": "Reverse", "boomerang": "Boomerang"})
DEINTERLACE = UiHints(labels={"auto": "Automatic", "always": "Always", "never": "Never"})
ASPECTS = UiHints(
    none_label="Original",
    labels={
        "1:1": "Square, 1:1",
        "16:9": "Wide, 16:9",
        "4:3": "Classic, 4:3",
        "9:16": "Portrait, 9:16",
        "3:4": "Portrait, 3:4",
    },
)
ROTATIONS = UiHints(labels={0: "None", 90: "90° right", 180: "180°", 270: "90° left"})
FLIPS = UiHints(labels={"none": "None", "horizontal": "Left-right", "vertical": "Top-bottom", "both": "Both"})
FITS = UiHints(labels={"contain": "Fit", "cover": "Fill (crops edges)", "stretch": "Stretch"})
CONTENTS = UiHints(labels={"auto": "Auto", "film": "Film", "screen": "Screen recording"})
DITHERS = UiHints(
    labels={
        "auto": "Automatic",
        "floyd_steinberg": "Floyd-Steinberg (film)",
        "sierra2_4a": "Sierra 2-4A (lighter)",
        "blue_noise": "Blue noise (fine, still grain)",
        "bayer": "Bayer (regular pattern)",
        "none": "None (drawings, screens)",
    }
)
PALETTES = UiHints(
    labels={
        "auto": "Automatic",
        "global": "One for the whole clip",
        "scene": "Per scene",
        "per_frame": "Per frame",
    }
)
PLATFORMS = UiHints(
    none_label="Any",
    labels={name: f"{preset.title} ({size(preset.most_bytes)})" for name, preset in PRESETS.items()},
)
FORMATS = UiHints(labels={name: kind.name for name, kind in FILE_KINDS.items()})
POSITIONS = UiHints(
    labels={
        "top_left": "Top left",
        "top": "Top",
        "top_right": "Top right",
        "left": "Left",
        "centre": "Centre",
        "right": "Right",
        "bottom_left": "Bottom left",
        "bottom": "Bottom",
        "bottom_right": "Bottom right",
    }
)
