"""`python -m benchmarks.fit [PART OF A NAME ...]`: how close GIFs come to a target size, and to estimates.

Each clip is converted without a target, then to fit fractions of that size. A result below 85 % of its
target is marked with `!`, and so is an estimate that is more than 15 % off.
"""

from __future__ import annotations

import io
import sys
import time
from typing import NamedTuple

from benchmarks import clips
from benchmarks.clips import Clip
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.progress import Reporter
from gifapp.conversion.render.rendering import rendered
from gifapp.conversion.sizing.estimate import estimate
from gifapp.conversion.sizing.fit import MIN_SHARE, fit
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe, Segment

SHARES = (0.6, 0.25, 0.1)
NEAR = 0.15  # of the real size: a good estimate
_DEADLINE_S = 600.0
_NO_TARGET = 1_000_000_000


class Landing(NamedTuple):
    bytes: int
    encodes: int
    seconds: float
    notes: tuple[str, ...]


def landing(clip: Clip, target_bytes: int) -> Landing:
    """Convert the clip to fit the target."""
    limits, recipe = Limits(), _recipe(clip)
    reporter = Reporter(lambda _: None, _DEADLINE_S)
    video = probe(clip.path, limits=limits)
    begun = time.perf_counter()
    with rendered(clip.path, video, recipe, limits=limits, reporter=reporter) as rendering:
        fitted = fit(
            rendering,
            io.BytesIO(),
            recipe,
            target_bytes=target_bytes,
            limits=limits,
            reporter=reporter,
        )
    return Landing(fitted.written.bytes, fitted.encodes, time.perf_counter() - begun, fitted.written.notes)


def _recipe(clip: Clip) -> Recipe:
    segments = (Segment(end_s=clip.seconds),) if clip.seconds else ()
    return Recipe(width_px=clip.width_px, fps=clip.fps, segments=segments)


def _show(clip: Clip) -> None:
    plain = landing(clip, _NO_TARGET)
    video = probe(clip.path, limits=Limits())
    begun = time.perf_counter()
    ratio = estimate(clip.path, _recipe(clip), limits=Limits(), video=video).bytes / plain.bytes
    mark = "!" if abs(ratio - 1) > NEAR else " "
    seconds = time.perf_counter() - begun
    print(f"{clip.kind}: {clip.name}: {plain.bytes:,} bytes, estimate {ratio:.0%}{mark} in {seconds:.1f} s")
    for share in SHARES:
        target_bytes = round(plain.bytes * share)
        fits = landing(clip, target_bytes)
        landed = fits.bytes / target_bytes
        mark = " " if MIN_SHARE <= landed <= 1 else "!"
        facts = f"{landed:6.1%}{mark} {fits.encodes} encodes {fits.seconds:5.1f} s"
        print(f"  {target_bytes:>10,} {facts}  {' '.join(fits.notes)}", flush=True)


def main() -> None:
    for clip in clips.for_looks():
        if any(part in f"{clip.kind}: {clip.name}" for part in sys.argv[1:] or [""]):
            _show(clip)


if __name__ == "__main__":
    main()
