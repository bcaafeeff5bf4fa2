"""`python -m benchmarks.looks [PART OF A NAME ...]`: how gifapp's encoder looks beside gifski -Q 90.

The encoder runs in this process on frames that ffmpeg has scaled; gifski's side is kept. A value that is
worse than gifski's is marked with `!`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks import clips, encoding, gifski
from benchmarks.clips import Clip
from benchmarks.encoding import Made
from benchmarks.quality import Quality
from gifapp.conversion.encoder import Style

SHARE = 0.85  # of gifski's bytes
_HEAD = ("KB", "ratio", "PSNR", "blurred", "SSIM", "SSIMU2", "flicker", "crawl", "ms")
_DIGITS = Quality(2, 2, 4, 2, 3, 3)
_SIGNS = Quality(1, 1, 1, 1, -1, -1)  # -1: less is better


def main() -> None:
    asked = _arguments()
    program = gifski.fetch()
    if program is None:
        sys.exit("nothing to compare with")
    style = Style(lossy=asked.lossy, dither=asked.dither, content=asked.content)
    print(_line("", _HEAD))
    for clip in _chosen(asked):
        try:
            frames = clips.reference(clip)
        except subprocess.CalledProcessError:
            print(f"{clip.name}: no video that ffmpeg reads")
            continue
        theirs = encoding.by_gifski(frames, clip, program)
        ours = encoding.by_gifapp(frames, clip.fps, style)
        print(f"{clip.kind}: {clip.name}, {len(frames)} frames")
        print(_line("  gifski", _cells(theirs, theirs)))
        print(_line("  gifapp", _cells(ours, theirs)))
        print(_line("    against gifski", _gains(ours, theirs)))
        if asked.fit and ours.bytes > SHARE * theirs.bytes:
            fitted = encoding.lightest(frames, clip.fps, style, SHARE * theirs.bytes)
            print(
                _line(f"  gifapp lossy {fitted.style.lossy if fitted.style else ''}", _cells(fitted, theirs))
            )
            print(_line("    against gifski", _gains(fitted, theirs)))
        sys.stdout.flush()


def _chosen(asked: argparse.Namespace) -> list[Clip]:
    every = clips.of_folder(asked.media, asked.width, asked.fps) if asked.media else clips.for_looks()
    wanted = asked.names or [""]
    return [clip for clip in every if any(part in f"{clip.kind}: {clip.name}" for part in wanted)]


def _cells(made: Made, gifski: Made) -> list[str]:
    seen = [f"{value:.{digits}f}" for value, digits in zip(made.quality, _DIGITS, strict=True)]
    return [f"{made.bytes / 1000:.0f}", f"{made.bytes / gifski.bytes:.2f}", *seen, f"{made.cpu_ms:.1f}"]


def _gains(made: Made, gifski: Made) -> list[str]:
    """What is better is positive, whichever way the measure counts."""
    pairs = zip(made.quality, gifski.quality, _SIGNS, _DIGITS, strict=True)
    gains = [(sign * (ours - theirs), digits) for ours, theirs, sign, digits in pairs]
    seen = [f"{gain:+.{digits}f}{'!' if gain < 0 else ' '}" for gain, digits in gains]
    return ["", "!" if made.bytes > SHARE * gifski.bytes else "", *seen, ""]


def _line(name: str, cells: tuple[str, ...] | list[str]) -> str:
    return f"{name:22}" + "".join(f"{cell:>9}" for cell in cells)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.looks", description=__doc__)
    parser.add_argument("names", nargs="*", help="parts of clips' names or kinds; default: all")
    parser.add_argument("--lossy", type=int, default=0)
    parser.add_argument("--dither", default="auto")
    parser.add_argument("--content", default="auto")
    parser.add_argument("--fit", action="store_true", help=f"also lossy, down to {SHARE} of gifski's bytes")
    parser.add_argument("--media", type=Path, help="a folder of other videos, instead of the benchmark's")
    parser.add_argument("--width", type=int, default=480, help="of the GIFs of --media")
    parser.add_argument("--fps", type=float, default=12.5, help="of the GIFs of --media")
    return parser.parse_args()


if __name__ == "__main__":
    main()
