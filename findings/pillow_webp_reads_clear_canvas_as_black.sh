#!/bin/sh
# Pillow 11.3.0 (libwebp 1.5.0): an animated WebP whose opaque frames cover a part of a clear canvas is read as opaque.
# The encoder crops frames to what is not clear, so that none has alpha and the file says that it has none; the
# decoder then fills the canvas with black. Browsers show it clear.
# Seen, the corner of what was saved as (0, 0, 0, 0): still (0, 0, 0, 0), animated (0, 0, 0, 255).
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==11.3.0
venv/bin/python - <<'END'
from PIL import Image

first, second = Image.new("RGBA", (16, 16)), Image.new("RGBA", (16, 16))
first.paste((0, 0, 255, 255), (0, 0, 8, 8))
second.paste((0, 255, 0, 255), (0, 0, 8, 8))

def corner(**options):
    first.save("a.webp", lossless=True, exact=True, **options)
    with Image.open("a.webp") as image:
        return image.convert("RGBA").getpixel((15, 15))

seen = corner(), corner(save_all=True, append_images=[second], duration=100)
print(*seen)
assert seen == ((0, 0, 0, 0), (0, 0, 0, 255))
END
