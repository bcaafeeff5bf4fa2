"""The GIF encoder: turns a stream of frames into a stream of bytes.

Neighbouring frames form a group (`grouping`) that shares a palette chosen from all its colours
(`palette_selection`, `quantizer`). Each frame is averaged with those to come (`steady`), drawn on the canvas
(`frame_differ`, `canvas`) and becomes a block of the file (`container`, `lzw`). Each stage has its own thread
and runs without the GIL, while the caller's thread reads the next frames. A stage takes the frames in their
order, so the threads' pace does not change a byte. Few frames are in flight, so memory use does not depend
on the clip's length.

Drawings and screen recordings share a palette chosen from the whole clip, for which they are read twice: the
frames wait on disk meanwhile, or those of the beginning if the clip is long.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from functools import partial
from itertools import chain
from typing import BinaryIO, NamedTuple

import numpy as np

from gifapp.conversion.frame import Frame, Pixels
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.gif.canvas import rules_of
from gifapp.conversion.gif.container import GifFile
from gifapp.conversion.gif.frame_differ import FrameDiffer, IndexedFrame
from gifapp.conversion.gif.grouping import AUTO_FRAMES, groups
from gifapp.conversion.gif.palette_selection import GroupPalette, PaletteSelector
from gifapp.conversion.gif.quantizer import OPAQUE_ALPHA
from gifapp.conversion.gif.steady import steady, with_following
from gifapp.conversion.gif.style import Style
from gifapp.conversion.merging import Held, merged

__all__ = ["GROUP_FRAMES", "Encoded", "Style", "encode"]

GROUP_FRAMES = AUTO_FRAMES
_MAX_WAITING = 4  # frames that were read but not yet written
_CHECKPOINT_S = 0.1
_MAX_STORED_BYTES = 256_000_000  # of frames whose palette is chosen before the first is drawn
_NOTHING: Future[bytes] = Future()  # the block of a frame merged into the one before
_NOTHING.set_result(b"")


class Encoded(NamedTuple):
    """What was written: frames after merging, bytes, and the most colours in any colour table."""

    frames: int
    bytes: int
    colours: int


def encode(
    frames: Iterable[Frame],
    out: BinaryIO,
    *,
    width_px: int,
    height_px: int,
    loop: int,
    style: Style,
    on_frame: Callable[[int], None] | None = None,
    checkpoint: Callable[[], None] | None = None,
) -> Encoded:
    """Write `frames` to `out` as a GIF89a file.

    `frames`, `out`, `on_frame` (called with the number of finished frames) and `checkpoint` (called while
    waiting) are used on the caller's thread; if one of them raises, encoding ends at once. Equal
    neighbouring frames are merged; the sum of the delays is exact.

    There must be at least one frame, all RGB or all RGBA, each `height_px` by `width_px`. `loop` is how many
    times it plays, 0 for ever. `style.colours` is the maximum number of colour table entries, transparency
    included.
    """
    pipeline = _Pipeline(width_px, height_px, loop, style, checkpoint or _do_nothing)
    try:
        for done, block in enumerate(pipeline.blocks(frames), 1):
            out.write(block)
            if on_frame:
                on_frame(done)
        out.write(pipeline.gif.end())
    finally:
        pipeline.stop()
    return Encoded(pipeline.gif.frames, pipeline.gif.bytes, pipeline.gif.colours)


class _Painted(NamedTuple):
    """A picture, how many frames show it, its group's palettes, and its number in the group."""

    frame: Frame
    frames: int
    paints: Future[list[GroupPalette]]
    number: int

    @property
    def paint(self) -> GroupPalette:
        return self.paints.result()[self.number]


class _Pipeline:
    """The stages, each with its own thread."""

    def __init__(
        self, width_px: int, height_px: int, loop: int, style: Style, checkpoint: Callable[[], None]
    ) -> None:
        self._checkpoint = checkpoint
        self.gif = GifFile(width_px, height_px, loop)
        self._style = style
        self._chooser = PaletteSelector(style)
        self._drawer = FrameDiffer(width_px, height_px, style)
        self._stages = [ThreadPoolExecutor(1, "gif") for _ in range(4)]
        self._choosing, self._averaging, self._drawing, self._writing = self._stages

    def blocks(self, frames: Iterable[Frame]) -> Iterator[bytes]:
        """The bytes that each frame in turn adds to the file."""
        waiting: deque[Future[bytes]] = deque()
        with closing(self._pictures(frames)) as pictures:
            for painted, following in with_following(self._painted(pictures)):
                while len(waiting) > _MAX_WAITING:
                    yield self._done(waiting.popleft())
                waiting.append(self._block(painted, [frame.pixels for frame, *_ in following]))
                waiting.extend([_NOTHING] * (painted.frames - 1))
            while len(waiting) > 1:
                yield self._done(waiting.popleft())
            last = self._writing.submit(self._written, self._drawing.submit(self._drawer.last))
            yield self._done(waiting.popleft()) + self._done(last)

    def _painted(self, pictures: Iterable[Held]) -> Iterator[_Painted]:
        """The pictures with the palettes that will be chosen for them."""
        for group in groups(pictures, self._style.palette):
            paints = self._choosing.submit(self._chooser.choose, [held.frame for held in group])
            for number, (frame, frames) in enumerate(group):
                yield _Painted(frame, frames, paints, number)

    def _done(self, block: Future[bytes]) -> bytes:
        while not block.done():
            wait([block], _CHECKPOINT_S)
            self._checkpoint()
        return block.result()

    def stop(self) -> None:
        """Stop the threads and cancel pending work."""
        for stage in self._stages:
            stage.shutdown(wait=False, cancel_futures=True)
        for stage in self._stages:
            stage.shutdown()

    def _pictures(self, frames: Iterable[Frame]) -> Generator[Held]:
        """The frames with equal neighbours merged."""
        with closing(merged(frames, opaque_alpha=OPAQUE_ALPHA, checkpoint=self._checkpoint)) as pictures:
            first = next(pictures)
            left = chain([first], pictures)
            if self._chooser.may_share(first.frame.pixels):
                yield from self._counted(left, first.frame.pixels)
            yield from left

    def _counted(self, pictures: Iterator[Held], first: Pixels) -> Iterator[Held]:
        """The pictures that may be stored, once their shared palette is chosen."""
        with closing(FrameStore(first.shape)) as store:
            times = list(self._stored(pictures, store))
            if len(times) > 1:
                self.gif.palette = self._chooser.share(first)
            for number, (delay_cs, frames) in enumerate(times):
                yield Held(Frame(store[number], delay_cs), frames)

    def _stored(self, pictures: Iterator[Held], store: FrameStore) -> Iterator[tuple[int, int]]:
        """Store and count pictures; yields the delay of each, and how many frames it stands for."""
        max_bytes = sys.maxsize if self._style.palette == "global" else _MAX_STORED_BYTES
        for frame, frames in pictures:
            pixels = np.require(frame.pixels, np.uint8, ["C", "W"])
            store.append(pixels)
            self._chooser.count(pixels)
            self._checkpoint()
            yield frame.delay_cs, frames
            if len(store) * pixels.nbytes >= max_bytes:
                return

    def _block(self, painted: _Painted, following: list[Pixels]) -> Future[bytes]:
        drawn = self._drawing.submit(self._drawn, painted, self._targets(painted, following))
        return self._writing.submit(self._written, drawn)

    def _targets(self, painted: _Painted, following: list[Pixels]) -> Callable[[], Pixels]:
        """Returns `_averaged`, computed ahead unless most frames will be drawn exactly, without it."""
        averaged = partial(_averaged, painted, following)
        return averaged if self._style.may_be_exact else self._averaging.submit(averaged).result

    def _drawn(self, painted: _Painted, targets: Callable[[], Pixels]) -> IndexedFrame | None:
        return self._drawer.draw(painted.frame, painted.paint, targets)

    def _written(self, drawn: Future[IndexedFrame | None]) -> bytes:
        frame = drawn.result()
        return self.gif.block(frame) if frame else b""


def _averaged(painted: _Painted, following: list[Pixels]) -> Pixels:
    palette, tolerance = painted.paint.palette, painted.paint.tolerance
    seen = following if tolerance.averages else []
    return steady(painted.frame.pixels, seen, rules_of(palette, tolerance))


def _do_nothing() -> None:
    """The default checkpoint."""
