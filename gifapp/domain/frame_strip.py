"""The shape of the strips of frames that people edit: pictures in rows, in one image."""

MAX_FRAMES = 300
COLUMNS = 16
