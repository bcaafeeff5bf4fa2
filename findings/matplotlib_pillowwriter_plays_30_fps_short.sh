#!/bin/sh
# matplotlib 3.11.2 with Pillow 13.0.0: PillowWriter(fps=30) cuts each delay to whole milliseconds, and Pillow to centiseconds: a GIF of 30 frames,
# which is to last a second, lasts 0.9; at 60 fps it asks for 10 ms a frame, which browsers show for 100, so that a second lasts six.
# Seen, delays and duration in ms: 30 fps: 30, 900; 60 fps: 10, 600.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check matplotlib==3.11.2 pillow==13.0.0
venv/bin/python - <<'END'
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.figure import Figure
from PIL import Image


def delays_ms(fps):
    figure = Figure(figsize=(0.5, 0.5), dpi=40)
    # no two frames are the same, since Pillow merges those that are
    draw = lambda number: figure.set_facecolor((number / fps, 0, 0)) or []
    FuncAnimation(figure, draw, frames=fps).save("plot.gif", writer=PillowWriter(fps=fps))
    with Image.open("plot.gif") as gif:
        frames = range(gif.n_frames)
        return [gif.seek(number) or gif.info["duration"] for number in frames]


for fps, delay_ms in ((30, 30), (60, 10)):
    seen = delays_ms(fps)
    print(fps, set(seen), sum(seen))
    assert set(seen) == {delay_ms} and len(seen) == fps, seen
END
