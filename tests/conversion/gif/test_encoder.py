import errno
import io
import struct
import threading
import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from gifapp import errors
from gifapp.conversion.frame import Frame
from gifapp.conversion.gif.canvas import rules_of
from gifapp.conversion.gif.container import GifFile
from gifapp.conversion.gif.encoder import Encoded, Style, encode
from gifapp.conversion.gif.frame_differ import FrameDiffer
from gifapp.conversion.gif.grouping import groups
from gifapp.conversion.gif.palette_selection import PaletteSelector
from gifapp.conversion.gif.steady import steady, with_following
from gifapp.conversion.merging import Held
from gifapp.domain.recipes.recipe import Content, Dither
from tests.support.gifs import gif_of, gifsicle, seen_by_ffmpeg, seen_by_pillow
from tests.support.letters import Rows, pixels

RGB = slice(0, 3)


class FullDisk(io.BytesIO):
    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, f"No space left for {data!r:.10}")


class Nowhere(io.BytesIO):
    def write(self, data: bytes) -> int:  # type: ignore[override]
        return len(data)


def film(count: int, height_px: int = 45, width_px: int = 61) -> Iterator[np.ndarray]:
    """A drifting colourful picture with noise."""
    rng = np.random.default_rng(11)
    y, x = np.mgrid[:height_px, :width_px]
    for number in range(count):
        red, green, blue = 4 * x + number, 5 * y - number, 2 * (x + y) + 3 * number
        yield np.clip(
            np.dstack([red, green, blue]) % 256 + rng.integers(-6, 7, (height_px, width_px, 1)), 0, 255
        )


def psnr(gif: np.ndarray, source: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((gif[..., RGB].astype(float) - source) ** 2))))


# --- pixels ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dither", ["none", "bayer", "floyd_steinberg", "sierra2_4a"])
def test_letters_are_exact_with_every_dither(dither: Dither) -> None:
    clip = pixels([["RGB", "KWY"], ["RGB", "CWY"], ["MMM", "KWY"]])
    gif, _ = gif_of(clip[..., RGB], dither=dither)
    assert (seen_by_pillow(gif)[0] == clip).all()
    assert (seen_by_ffmpeg(gif) == clip).all()


@pytest.mark.parametrize("dither", ["none", "bayer", "floyd_steinberg", "sierra2_4a"])
def test_film_is_close_to_its_source_in_every_decoder(dither: Dither) -> None:
    source = np.stack(list(film(20)))
    gif, encoded = gif_of(source, dither=dither)
    seen, delays = seen_by_pillow(gif)
    assert psnr(seen, source) > 28
    assert (seen == seen_by_ffmpeg(gif)).all()
    assert delays == [8] * 20
    assert encoded == Encoded(frames=20, bytes=len(gif), colours=256)
    assert "20 images" in gifsicle(gif)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (3, 5), (161, 121)])
def test_odd_dimensions(size: tuple[int, int]) -> None:
    source = np.stack(list(film(3, *size)))
    seen, _ = seen_by_pillow(gif_of(source)[0])
    assert seen.shape == (3, *size, 4)
    assert psnr(seen, source) > 25


def test_single_frame_can_use_256_colours() -> None:
    greys = np.repeat(np.arange(256, dtype=np.uint8), 3).reshape(16, 16, 3)
    gif, encoded = gif_of([greys])
    assert (seen_by_pillow(gif)[0][0, ..., RGB] == greys).all()
    assert encoded.colours == 256
    with Image.open(io.BytesIO(gif)) as image:
        assert "transparency" not in image.info


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.lists(st.text("RGBKWYCM.", min_size=4, max_size=4), min_size=3, max_size=3),
        min_size=1,
        max_size=20,
    )
)
def test_random_letters_with_transparency_are_exact(frames: list[Rows]) -> None:
    clip = pixels(frames)
    gif, encoded = gif_of(clip, delays_cs=list(range(2, 2 + len(clip))))
    seen, delays = seen_by_pillow(gif)
    moments = np.repeat(seen, delays, axis=0)
    assert (moments == np.repeat(clip, range(2, 2 + len(clip)), axis=0)).all()
    assert (seen_by_ffmpeg(gif) == seen).all()
    assert encoded.frames == len(seen)


@pytest.mark.parametrize("colours", [2, 3, 4, 7, 16, 17, 128, 255, 256])
def test_palette_keeps_to_the_number_of_colours(colours: int) -> None:
    gif, encoded = gif_of(film(12), colours=colours)
    seen, _ = seen_by_pillow(gif)
    for frame in seen:
        assert frame[..., 3].all()
    first = np.unique(seen[0].reshape(-1, 4), axis=0)
    assert len(first) <= encoded.colours <= colours
    assert (seen == seen_by_ffmpeg(gif)).all()


def test_pixels_may_be_read_only_and_strided() -> None:
    source = np.stack(list(film(3))).astype(np.uint8)
    source.flags.writeable = False
    mirrored = source[:, :, ::-1]
    assert gif_of(mirrored) == gif_of(mirrored.copy())


# --- time -------------------------------------------------------------------------------------


def letters_and_delays(clip: Sequence[Rows], delays_cs: list[int]) -> list[int]:
    gif, _ = gif_of(pixels(clip)[..., RGB], delays_cs=delays_cs)
    return seen_by_pillow(gif)[1]


def test_equal_neighbours_are_merged_and_their_delays_added() -> None:
    assert letters_and_delays([["RG"], ["RG"], ["GG"], ["GG"], ["GG"], ["RG"]], [7, 6, 7, 7, 6, 7]) == [
        13,
        20,
        7,
    ]


def test_equal_frames_are_merged_across_groups() -> None:
    assert letters_and_delays([["RG"]] * 30 + [["GG"]], [10] * 31) == [300, 10]


def test_too_long_delay_is_split_over_several_frames() -> None:
    gif, encoded = gif_of(pixels([["RG"], ["RG"], ["BG"]])[..., RGB], delays_cs=[65535, 2, 5])
    delays = seen_by_pillow(gif)[1]
    assert sum(delays) == 65542
    assert min(delays) >= 5
    assert encoded.frames == 3


def test_frame_that_becomes_transparent_after_a_long_delay() -> None:
    clip = pixels([["RG"], [".G"], [".."]])
    seen, delays = seen_by_pillow(gif_of(clip, delays_cs=[70000, 70000, 3])[0])
    assert (seen[[0, 2, 4]] == clip).all()
    assert sum(delays) == 140003


@pytest.mark.parametrize(
    ("loop", "block"),
    [
        (0, b"\x03\x01\x00\x00\x00"),
        (1, None),
        (2, b"\x03\x01\x01\x00\x00"),
        (5, b"\x03\x01\x04\x00\x00"),
        (65535, b"\x03\x01\xfe\xff\x00"),
    ],
)
def test_loop_block_stores_one_less_than_the_number_of_plays(loop: int, block: bytes | None) -> None:
    gif, _ = gif_of(film(2), loop=loop)
    _, loop_block, rest = gif.partition(b"\x21\xff\x0bNETSCAPE2.0")
    assert bool(loop_block) == (block is not None)
    assert rest.startswith(block or b"")


# --- streaming --------------------------------------------------------------------------------


def made_by_one_thread(pictures: Iterable[np.ndarray], style: Style) -> bytes:
    """What the stages make of pictures when they run one after the other."""
    held = [Held(Frame(np.asarray(picture, np.uint8), 8), 1) for picture in pictures]
    height_px, width_px = held[0].frame.pixels.shape[:2]
    chooser, drawer = PaletteSelector(style), FrameDiffer(width_px, height_px, style)
    gif = GifFile(width_px, height_px, 0)
    if chooser.may_share(held[0].frame.pixels):
        for frame, _ in held:
            chooser.count(frame.pixels)
        gif.palette = chooser.share(held[0].frame.pixels)
    paints = [
        paint
        for group in groups(held, style.palette)
        for paint in chooser.choose([frame for frame, _ in group])
    ]
    frames = with_following(frame for frame, _ in held)
    drawn = [
        drawer.draw(frame, paint, partial(steady, frame.pixels, [each.pixels for each in following], rules))
        for (frame, following), paint in zip(frames, paints, strict=True)
        for rules in [rules_of(paint.palette, paint.tolerance)]
    ]
    return b"".join(gif.block(frame) for frame in [*drawn, drawer.last()] if frame) + gif.end()


@pytest.mark.parametrize("content", ["film", "drawing", "screen"])
def test_threads_make_the_gif_that_one_thread_makes(content: Content) -> None:
    style = Style(content=content, is_lossless=False)
    assert gif_of(film(30), content=content, is_lossless=False)[0] == made_by_one_thread(film(30), style)


def test_encoding_is_deterministic() -> None:
    assert gif_of(film(20)) == gif_of(film(20))


def test_memory_does_not_grow_with_the_clip() -> None:
    def peak_bytes(count: int) -> int:
        tracemalloc.start()
        frames = (Frame(np.asarray(picture, np.uint8), 8) for picture in film(count, 90, 160))
        encode(frames, Nowhere(), width_px=160, height_px=90, loop=0, style=Style(colours=64, dither="none"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert peak_bytes(160) < 1.2 * peak_bytes(40)


def test_bytes_are_written_before_the_last_frame_is_read() -> None:
    out = io.BytesIO()
    written: list[int] = []

    def frames() -> Iterator[Frame]:
        for picture in film(40):
            written.append(out.tell())
            yield Frame(np.asarray(picture, np.uint8), 8)

    encode(frames(), out, width_px=61, height_px=45, loop=0, style=Style(dither="none"))
    assert written[-1] > 0


def test_progress_counts_every_frame() -> None:
    heard: list[int] = []
    gif_of(film(20), on_frame=heard.append)
    assert heard == list(range(1, 21))


def stage_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("gif_")]


def test_each_stage_has_one_thread() -> None:
    counts: list[int] = []
    gif_of(film(40), on_frame=lambda _: counts.append(len(stage_threads())), is_lossless=False)
    assert max(counts) == 4
    assert stage_threads() == []


def test_failing_stage_ends_the_others() -> None:
    read: list[int] = []

    def frames() -> Iterator[Frame]:
        for number, picture in enumerate(film(400)):
            read.append(number)
            yield Frame(np.asarray(picture, np.uint8), -8 if number == 20 else 8)

    with pytest.raises(struct.error):  # no block can hold a negative delay
        encode(frames(), io.BytesIO(), width_px=61, height_px=45, loop=0, style=Style(is_lossless=False))
    assert len(read) < 60
    assert stage_threads() == []


def test_source_error_is_raised_and_no_thread_is_left() -> None:
    def frames() -> Iterator[Frame]:
        for picture in film(20):
            yield Frame(np.asarray(picture, np.uint8), 8)
        raise errors.SourceDamaged

    with pytest.raises(errors.SourceDamaged):
        encode(frames(), io.BytesIO(), width_px=61, height_px=45, loop=0, style=Style(dither="none"))
    assert stage_threads() == []


def test_cancelled_encoding_reads_no_further() -> None:
    read: list[int] = []

    def frames() -> Iterator[Frame]:
        for number, picture in enumerate(film(400)):
            read.append(number)
            yield Frame(np.asarray(picture, np.uint8), 8)

    def cancel(done: int) -> None:
        raise errors.Cancelled

    with pytest.raises(errors.Cancelled):
        encode(
            frames(),
            io.BytesIO(),
            width_px=61,
            height_px=45,
            loop=0,
            style=Style(dither="none"),
            on_frame=cancel,
        )
    assert len(read) < 40
    assert stage_threads() == []


def test_full_disk_ends_the_encoding() -> None:
    frames = (Frame(np.asarray(picture, np.uint8), 8) for picture in film(20))
    with pytest.raises(OSError, match="No space left"):
        encode(frames, FullDisk(), width_px=61, height_px=45, loop=0, style=Style(dither="none"))
