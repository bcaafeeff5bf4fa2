#!/bin/sh
# imageio-ffmpeg 0.8.1 (ffmpeg 9.0.2): -min_delay, -default_delay and -max_gif_delay, which `ffmpeg -h demuxer=gif`
# lists, change no delay. By its help a delay of 1 is below the minimum of 2 and counts as 10.
# Seen, delays in hundredths: the same with every option: 0 is 10, 1 is 1, 50 is 50.
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

OPTIONS = ([], ["-min_delay", "30"], ["-default_delay", "70"], ["-max_gif_delay", "5"])
frames = [Image.new("L", (8, 8), level) for level in (0, 100)]

def delay(delay_cs, options):
    frames[0].save("a.gif", save_all=True, append_images=frames[1:], duration=10 * delay_cs)
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *options, "-i", "a.gif"]
    argv += ["-c", "copy", "-f", "framecrc", "-"]
    lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    return int(lines[-1].split(",")[3])

seen = {delay_cs: {delay(delay_cs, options) for options in OPTIONS} for delay_cs in (0, 1, 50)}
print(seen)
assert seen == {0: {10}, 1: {1}, 50: {50}}
END
