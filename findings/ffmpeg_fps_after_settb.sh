#!/bin/sh
# imageio-ffmpeg 0.8.1 (ffmpeg 9.0.2): `settb=AVTB` before `fps` makes an even halving uneven.
# AVTB counts microseconds, in which 1/60 s is rounded; the ties of the fps filter then fall either way.
# Seen, steps between the pictures of 60 fps at 30 fps: fps=30 [2]; settb=AVTB,fps=30 [1, 2, 3].
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1
venv/bin/python - <<'END'
import subprocess
import imageio_ffmpeg

SOURCE = "color=black:s=8x8:r=60:d=2,format=gray,geq=lum=N"

def steps(filters):
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", f"{SOURCE},{filters}"]
    raw = subprocess.run([*argv, "-f", "rawvideo", "-"], check=True, capture_output=True).stdout
    numbers = raw[::64][1:-1]
    return sorted({after - before for before, after in zip(numbers, numbers[1:])})

seen = steps("fps=30"), steps("settb=AVTB,fps=30")
print(*seen)
assert seen == ([2], [1, 2, 3])
END
