#!/bin/sh
# Pillow 13.0.0 (and 11.3.0): where a GIF's colour table is a grey ramp, each index its own shade, frames are read in mode L,
# and a frame without a transparent index keeps that of an earlier one: a pixel of this shade is read as clear.
# With any other colour in the table, the same frames are read as they are. FFmpeg and browsers show the pixel.
# Seen, the second frame's pixel, which is opaque, as RGBA: (1, 1, 1, 0) with the shades 0 and 1, (2, 2, 2, 255) with 0 and 2.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0
venv/bin/python - <<'END'
import io
import struct

from PIL import Image


def image(index, *, transparent):
    flags, clear = (5, transparent) if transparent is not None else (4, 0)
    codes = 0b100 | index << 3 | 0b101 << 6  # clear, the pixel, end: three bits each
    control = struct.pack("<BBBBHBB", 0x21, 0xF9, 4, flags, 8, clear, 0)
    return control + struct.pack("<BHHHHB", 0x2C, 0, 0, 1, 1, 0) + bytes([2, 2, codes & 255, codes >> 8, 0])


def second_pixel(shade):
    table = bytes([0, 0, 0, shade, shade, shade])
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0xF0, 0, 0) + table
    gif = Image.open(io.BytesIO(head + image(0, transparent=1) + image(1, transparent=None) + b";"))
    gif.seek(1)
    return gif.convert("RGBA").getpixel((0, 0))


seen = second_pixel(1), second_pixel(2)
print(*seen)
assert seen == ((1, 1, 1, 0), (2, 2, 2, 255))
END
