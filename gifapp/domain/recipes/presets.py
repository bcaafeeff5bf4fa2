"""Platforms and the limits they enforce. An ambiguous kilobyte counts as 1,000 bytes.

Sources: GitHub Docs, "Attaching files"; Discord's API reference and help centre; X, "Media best
practices"; Slack's help centre (and its uploader, which rejects more than 50 frames); Bitbucket and
Mastodon: what their servers reject. X also rejects more than 300 million pixels in all frames together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

PresetName = Literal[
    "github", "discord", "discord_emoji", "discord_sticker", "x", "slack_emoji", "bitbucket", "mastodon"
]


@dataclass(frozen=True)
class Preset:
    """A platform's limits; None means no limit.

    Attributes:
        name: its name in a recipe.
        title: its name for people.
        most_bytes: the maximum file size.
        width_px, height_px: the maximum size, or the required size if `is_exact`.
        is_exact: the canvas must have exactly this size, as for emoji and stickers.
        most_frames, most_s, most_pixels: limits on the whole GIF; pixels are those of all frames together.
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
