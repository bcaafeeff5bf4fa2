"""The GIF encoder: frames in, bytes out, as a stream.

Neighbouring frames are a group (`grouping`), which gets a palette from all of its colours (`choosing`,
`palette`); each frame is drawn with it on the canvas (`drawing`, `dither`) and becomes a block of the
file (`container`, `lzw`). Each stage has a thread and works without the GIL, while the caller's thread
reads the next frames; few frames are on their way at a time, so memory is flat however long the clip is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from itertools import chain
from typing import BinaryIO, NamedTuple

import numpy as np

from gifapp.conversion.frame import Frame
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.gif import kernels
from gifapp.conversion.gif.container import GifFile
from gifapp.conversion.gif.frame_differ import FrameDiffer, IndexedFrame
from gifapp.conversion.gif.grouping import AUTO_FRAMES, groups
from gifapp.conversion.gif.palette_selection import GroupPalette, PaletteSelector
from gifapp.conversion.gif.quantizer import OPAQUE_ALPHA
from gifapp.conversion.gif.style import Style
from gifapp.conversion.merging import Held, merged

__all__ = ["GROUP_FRAMES", "Encoded", "Style", "encode", "warm_up"]

GROUP_FRAMES = AUTO_FRAMES
_MOST_WAITING = 8  # frames that were read and are not written yet
_BEAT_S = 0.1
_NOTHING: Future[bytes] = Future()  # what a frame adds that looks like the one before
_NOTHING.set_result(b"")


class Encoded(NamedTuple):
    """What was written: frames after merging, bytes, and the most colours in any table."""

    frames: int
    bytes: int
    colours: int


def warm_up() -> None:
    """Compile or load every kernel."""
    kernels.load_all()


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

    `frames`, `out`, `on_frame`, which hears how many frames are done, and `checkpoint`, which is called while
    nothing else is, are used on the caller's thread; what they raise ends the encoding at once.
    Neighbouring frames that look the same become one; the sum of the delays is kept exactly.

    There must be one frame at least, all RGB or all RGBA, each `height_px` by `width_px`. `loop` is
    how many times it plays, 0 for ever. `style.colours` is the most entries that a colour table may
    have, transparency included. A global palette needs all frames before the first is drawn: they wait
    on the disk.
    """
    warm_up()
    line = _Line(width_px, height_px, loop, style, checkpoint or _say_nothing)
    try:
        for done, block in enumerate(line.blocks(frames), 1):
            out.write(block)
            if on_frame:
                on_frame(done)
        out.write(line.gif.end())
    finally:
        line.stop()
    return Encoded(line.gif.frames, line.gif.bytes, line.gif.colours)


class _Line:
    """The stages, each with a thread of its own."""

    def __init__(
        self, width_px: int, height_px: int, loop: int, style: Style, checkpoint: Callable[[], None]
    ) -> None:
        self._beat = checkpoint
        self.gif = GifFile(width_px, height_px, loop)
        self._style = style
        self._chooser = PaletteSelector(style)
        self._drawer = FrameDiffer(width_px, height_px, style)
        self._choosing, self._drawing, self._writing = (ThreadPoolExecutor(1, "gif") for _ in range(3))

    def blocks(self, frames: Iterable[Frame]) -> Iterator[bytes]:
        """For each frame in turn what it adds to the file, and that of the last one at the end."""
        waiting: deque[Future[bytes]] = deque()
        with closing(self._seen(frames)) as seen:
            for group in groups(seen, self._style.palette):
                while len(waiting) > _MOST_WAITING:
                    yield self._done(waiting.popleft())
                paint = self._choosing.submit(self._chooser.choose, [held.frame for held in group])
                for held in group:
                    waiting.append(self._block(held.frame, paint))
                    waiting.extend([_NOTHING] * (held.frames - 1))
            while len(waiting) > 1:
                yield self._done(waiting.popleft())
            last = self._writing.submit(self._written, self._drawing.submit(self._drawer.last))
            yield self._done(waiting.popleft()) + self._done(last)

    def _done(self, block: Future[bytes]) -> bytes:
        while not block.done():
            wait([block], _BEAT_S)
            self._beat()
        return block.result()

    def stop(self) -> None:
        """End the threads; what has not begun is not done."""
        for stage in (self._choosing, self._drawing, self._writing):
            stage.shutdown(cancel_futures=True)

    def _seen(self, frames: Iterable[Frame]) -> Generator[Held]:
        """Each picture once, even if many frames in a row show it."""
        seen = merged(frames, opaque_alpha=OPAQUE_ALPHA, checkpoint=self._beat)
        return _counted(seen, self._chooser) if self._style.palette == "global" else seen

    def _block(self, frame: Frame, paint: Future[GroupPalette]) -> Future[bytes]:
        drawn = self._drawing.submit(lambda: self._drawer.draw(frame, paint.result()))
        return self._writing.submit(self._written, drawn)

    def _written(self, drawn: Future[IndexedFrame | None]) -> bytes:
        one = drawn.result()
        return self.gif.block(one) if one else b""


def _say_nothing() -> None:
    """Nobody listens."""


def _counted(seen: Generator[Held], chooser: PaletteSelector) -> Generator[Held]:
    """The pictures after all of them were counted; until then they are on the disk."""
    first = next(seen)
    times: list[tuple[int, int]] = []
    with closing(seen), closing(FrameStore(first.frame.pixels.shape)) as store:
        for frame, frames in chain([first], seen):
            pixels = np.require(frame.pixels, np.uint8, ["C", "W"])
            store.append(pixels)
            chooser.count(pixels)
            times.append((frame.delay_cs, frames))
        for number, (delay_cs, frames) in enumerate(times):
            yield Held(Frame(store[number], delay_cs), frames)
