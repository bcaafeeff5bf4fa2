#!/bin/sh
# imageio-ffmpeg 0.8.1 (ffmpeg 9.0.2): its GIF demuxer gives a comment after the last image as a video packet
# of its own, as long as the last delay: who adds up packets finds a picture too many and a time too long.
# Seen, packets and hundredths of a second: plain 3, 60; with a comment 4, 80.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check imageio-ffmpeg==0.8.1 pillow==11.3.0
venv/bin/python - <<'END'
import subprocess
from pathlib import Path
import imageio_ffmpeg
from PIL import Image

frames = [Image.new("L", (8, 8), level) for level in (0, 100, 200)]
frames[0].save("plain.gif", save_all=True, append_images=frames[1:], duration=200)
plain = Path("plain.gif").read_bytes()
Path("comment.gif").write_bytes(plain[:-1] + b"\x21\xfe\x05hello\x00" + plain[-1:])  # before the trailer

def packets(name):
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", name, "-c", "copy", "-f", "framecrc", "-"]
    lines = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()
    lasting = [int(line.split(",")[3]) for line in lines if not line.startswith("#")]
    return len(lasting), sum(lasting)

seen = packets("plain.gif"), packets("comment.gif")
print(*seen)
assert seen == ((3, 60), (4, 80))
END
