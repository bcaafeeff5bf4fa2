#!/bin/sh
# imageio-ffmpeg 0.8.1 (ffmpeg 9.0.2) on an animated AVIF of Pillow 11.3.0: the file has two video streams, the
# still picture and the animation, and the still one is taken unless the other is mapped.
# Seen, pictures: 1; with -map 0:v:1 3.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1 pillow==11.3.0
venv/bin/python - <<'END'
import subprocess
import imageio_ffmpeg
from PIL import Image

frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "lime", "blue")]
frames[0].save("a.avif", save_all=True, append_images=frames[1:], duration=[100, 300, 200])

def pictures(*chosen):
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", "a.avif", *chosen, "-f", "framecrc", "-"]
    lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    return sum(not line.startswith("#") for line in lines)

seen = pictures(), pictures("-map", "0:v:1")
print(*seen)
assert seen == (1, 3)
END
