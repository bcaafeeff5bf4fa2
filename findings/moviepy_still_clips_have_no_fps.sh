#!/bin/sh
# MoviePy 2.2.1: a ColorClip has no attribute `fps` at all, while a CompositeVideoClip of it has one that is None.
# Code that reads `clip.fps or 24` therefore fails on the one and works on the other.
# Seen: hasattr False; None.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check moviepy==2.2.1
venv/bin/python - <<'END'
import moviepy

clip = moviepy.ColorClip((4, 2), color=(1, 2, 3), duration=1)
seen = hasattr(clip, "fps"), moviepy.CompositeVideoClip([clip]).fps
print(*seen)
assert seen == (False, None)
END
