"""The shape of filmstrips: equally wide pictures of a whole video, side by side."""

TILES = 32
TILE_WIDTH_PX, TILE_HEIGHT_PX = 128, 72
"""The most that a tile has; it keeps the video's aspect ratio."""
MAX_BYTES = 100_000


def time_of(tile: int, duration_s: float) -> float:
    """The time in the video of a tile from 0 to `TILES` - 1: the middle of its share."""
    return (tile + 0.5) * duration_s / TILES
