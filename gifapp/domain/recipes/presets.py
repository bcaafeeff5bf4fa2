"""Platforms and the limits they really have. An ambiguous kilobyte counts as 1,000 bytes.

Sources: GitHub Docs, "Attaching files"; Discord's API reference and help centre; X, "Media best
practices"; Slack's help centre (and its uploader, which refuses more than 50 frames); Bitbucket and
Mastodon as their servers refuse. X also refuses more than 300 million pixels, all frames together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PresetName = Literal[
    "github", "discord", "discord_emoji", "discord_sticker", "x", "slack_emoji", "bitbucket", "mastodon"
]


@dataclass(frozen=True)
class Preset:
    """A platform's limits; None: it has none of this kind.

    Attributes:
        name: what a recipe calls it.
        title: what people call it.
        most_bytes: of the file.
        width_px, height_px: the most, or with `is_exact` the size that it must have.
        is_exact: a canvas of exactly this size, as emoji and stickers have.
        most_frames, most_s, most_pixels: in all of the GIF; pixels are those of all frames.
    """

    name: PresetName
    title: str
    most_bytes: int
    width_px: int | None = None
    height_px: int | None = None
    is_exact: bool = False
    most_frames: int | None = None
    most_s: float | None = None
    most_pixels: int | None = None


_ALL = (
    Preset("github", "GitHub", 10_000_000),
    Preset("discord", "Discord", 10 * 1024**2),
    Preset("discord_emoji", "Discord emoji", 256_000, 128, 128, is_exact=True),
    Preset("discord_sticker", "Discord sticker", 512_000, 320, 320, is_exact=True, most_s=5.0),
    Preset("x", "X", 15_000_000, 1280, 1080, most_frames=350, most_pixels=300_000_000),
    Preset("slack_emoji", "Slack emoji", 128_000, 128, 128, is_exact=True, most_frames=50),
    Preset("bitbucket", "Bitbucket", 1_000_000),
    Preset("mastodon", "Mastodon", 16_000_000),
)

PRESETS: dict[PresetName, Preset] = {preset.name: preset for preset in _ALL}
