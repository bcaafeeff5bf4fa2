"""How many frames people may edit and export, and the shape of the strips that they edit them on."""

MAX_FRAMES = 300
MAX_EXPORTED_FRAMES = 1_000
COLUMNS = 16
"""The pictures of a strip are in rows of this many, in one image."""
