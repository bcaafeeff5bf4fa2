"""Files in every format but GIF, read back by independent decoders."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
import psutil
import pytest
from PIL import Image

from gifapp import errors
from gifapp.conversion.encoders.codecs import CODECS
from gifapp.conversion.encoders.writers import Written, prepared, write
from gifapp.conversion.frame import Frame
from gifapp.conversion.images import containers
from gifapp.conversion.render.rendering import Rendering
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.output_names import format_of
from gifapp.domain.recipes.recipe import Format, Recipe
from gifapp.domain.timing import split_delay
from tests.support.letters import run_ffmpeg

OTHERS: tuple[Format, ...] = tuple(CODECS)
UNEVEN_CS = [7, 6, 20, 2, 150]


@dataclass
class Seen:
    """Frames, uint8 (n, height, width, 4), their delays and the number of plays (0: forever)."""

    frames: np.ndarray
    delays_cs: list[int]
    loop: int | None


def pictures(count: int, *, width: int = 48, height: int = 32, alpha: bool = False) -> list[np.ndarray]:
    """A smooth background with a moving square; with alpha also a hole and half-transparent stripes."""
    down, across = np.mgrid[0:height, 0:width]
    ground = np.stack([across * 255 // width, down * 255 // height, 255 - across * 255 // width], axis=2)
    made = []
    for number in range(count):
        picture = np.dstack([ground, np.full((height, width), 255)]).astype(np.uint8)
        picture[4:12, 4 * number : 4 * number + 8] = (255, 240, 30, 255)
        if alpha:
            picture[20:28, 8 * number : 8 * number + 8, 3] = 0
            picture[:4, :, 3] = 128
        made.append(picture if alpha else picture[..., :3])
    return made


def rendering(frames: Sequence[np.ndarray], delays_cs: list[int], loop: int = 0) -> Rendering:
    height, width, channels = frames[0].shape
    return Rendering(width, height, channels == 4, delays_cs, map(Frame, frames, delays_cs), (), loop)


def written(
    path: Path,
    frames: Sequence[np.ndarray],
    delays_cs: list[int],
    *,
    limits: Limits | None = None,
    loop: int = 0,
    **recipe: Any,
) -> Written:
    full_recipe = Recipe(**({"format": path.suffix[1:]} | recipe))
    limits = limits or Limits()
    return write(
        prepared(rendering(frames, delays_cs, loop), full_recipe.format),
        full_recipe,
        path,
        limits=limits,
        on_frame=lambda _: None,
        checkpoint=lambda: None,
    )


def seen(path: Path) -> Seen:
    format_ = format_of(path)
    is_video = format_ is not None and FILE_KINDS[format_].content_type.startswith("video/")
    return _seen_by_av(path) if is_video else _seen_by_pillow(path)


def _seen_by_pillow(path: Path) -> Seen:
    with Image.open(path) as image:
        frames, delays = [], []
        for number in range(image.n_frames):
            image.seek(number)
            frames.append(np.asarray(image.convert("RGBA")))
            delays.append(round(image.info.get("duration", 0) / 10))
        return Seen(np.stack(frames), delays, image.info.get("loop"))


def _seen_by_av(path: Path) -> Seen:
    with av.open(path) as video:
        packets = [packet for packet in video.demux(video=0) if packet.size]
        delays = [round(100 * (packet.duration or 0) * packet.time_base) for packet in packets]
    with av.open(path) as video:
        frames = [
            np.dstack([frame.to_ndarray(format="rgb24"), np.full((frame.height, frame.width), 255, np.uint8)])
            for frame in video.decode(video=0)
        ]
    return Seen(np.stack(frames), delays, None)


def stored(name: str, delays_cs: list[int]) -> list[int]:
    """The expected delays in a file of this name: videos repeat a picture that is shown for long."""
    max_cs = CODECS[name.rpartition(".")[2]].longest_cs  # type: ignore[index]
    return [piece_cs for delay_cs in delays_cs for piece_cs in split_delay(delay_cs, max_cs)]


def held(frames: Sequence[np.ndarray], name: str, delays_cs: list[int]) -> list[np.ndarray]:
    """The pictures, each repeated as often as it is stored."""
    times = (len(stored(name, [delay_cs])) for delay_cs in delays_cs)
    return [picture for picture, count in zip(frames, times, strict=True) for _ in range(count)]


def apart(frames: np.ndarray, expected: Sequence[np.ndarray]) -> float:
    """The mean difference of the visible colours."""
    wanted = np.stack(expected)
    if wanted.shape[3] == 3:
        return float(np.abs(frames[..., :3].astype(int) - wanted).mean())
    return float(np.abs(frames.astype(int) - wanted)[wanted[..., 3] > 0].mean())


def test_ffmpeg_writes_every_format_but_gif() -> None:
    assert {"gif", *CODECS} == FILE_KINDS.keys()


@pytest.mark.parametrize("name", OTHERS)
def test_lossy_shrinks_every_format_but_apng(tmp_path: Path, name: Format) -> None:
    noise = list(np.random.default_rng(0).integers(0, 255, (4, 64, 64, 3), np.uint8))
    sizes = [
        written(tmp_path / f"{lossy}.{name}", noise, [10] * 4, lossy=lossy, content="film").bytes
        for lossy in (0, 60, 200)
    ]
    if FILE_KINDS[name].compression == "lossless":
        assert sizes[0] == sizes[1] == sizes[2]
    else:
        assert sizes[0] > 1.3 * sizes[1]
        assert sizes[1] > 1.3 * sizes[2]


def test_lossy_screen_recording_is_a_lossy_webp(tmp_path: Path) -> None:
    frames = pictures(5)
    written(tmp_path / "a.webp", frames, UNEVEN_CS, content="screen", lossy=40)
    assert apart(seen(tmp_path / "a.webp").frames, frames) > 0


@pytest.mark.parametrize("name", OTHERS)
def test_frame_sizes_are_read_back(tmp_path: Path, name: Format) -> None:
    path = tmp_path / f"a.{name}"
    written(path, pictures(5), [7, 6, 9, 2, 10])
    sizes = CODECS[name].frame_sizes(path)
    assert [size.at_cs for size in sizes] == [0, 7, 13, 22, 24]
    assert 0 < sum(size.bytes for size in sizes) < path.stat().st_size


# --- one file --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "max_error"),
    [("a.webp", 3.0), ("a.avif", 4.0), ("a.apng", 0.0), ("a.mp4", 4.0), ("a.webm", 4.0)],
)
def test_pictures_and_delays_are_kept(tmp_path: Path, name: str, max_error: float) -> None:
    frames = pictures(5)
    result = written(tmp_path / name, frames, UNEVEN_CS)
    shown = seen(tmp_path / name)
    assert shown.delays_cs == stored(name, UNEVEN_CS)
    assert apart(shown.frames, held(frames, name, UNEVEN_CS)) <= max_error
    assert result == Written(len(shown.delays_cs), (tmp_path / name).stat().st_size, 48, 32)


@pytest.mark.parametrize("name", ["a.webp", "a.avif", "a.apng"])
def test_alpha_is_kept(tmp_path: Path, name: str) -> None:
    frames = pictures(5, alpha=True)
    written(tmp_path / name, frames, UNEVEN_CS)
    shown = seen(tmp_path / name)
    assert shown.delays_cs == UNEVEN_CS
    np.testing.assert_array_equal(shown.frames[..., 3], np.stack(frames)[..., 3])
    assert apart(shown.frames, frames) <= 3


@pytest.mark.parametrize("name", [f"a.{name}" for name in OTHERS])
def test_ffmpeg_and_other_decoders_agree(tmp_path: Path, name: str) -> None:
    written(tmp_path / name, pictures(5), UNEVEN_CS)
    raw = tmp_path / "raw"
    passed = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba")
    animation = ("-map", "0:v:1") if name == "a.avif" else ()  # stream 0 is the still picture
    run_ffmpeg("-i", tmp_path / name, *animation, *passed, raw)
    frames = np.frombuffer(raw.read_bytes(), np.uint8).reshape(-1, 32, 48, 4)
    assert (
        np.abs(frames.astype(int) - seen(tmp_path / name).frames).mean() < 3
    )  # chroma is stored at half size


@pytest.mark.parametrize("loop", [0, 1, 3, 65535])
def test_loop_count_is_stored(tmp_path: Path, loop: int) -> None:
    for name in ("a.webp", "a.apng"):
        written(tmp_path / name, pictures(2), [10, 10], loop=loop)
        assert seen(tmp_path / name).loop == loop


@pytest.mark.parametrize("loop", [0, 1, 3, 65535])
def test_avif_stores_its_loop_count(tmp_path: Path, loop: int) -> None:
    written(tmp_path / "a.avif", pictures(2), [10, 150], loop=loop)
    animation = containers.read(memoryview((tmp_path / "a.avif").read_bytes()))
    assert ((animation.plays or 0), [tile.delay_ms for tile in animation.tiles]) == (loop, [100, 1500])


def test_screen_recording_is_a_lossless_webp(tmp_path: Path) -> None:
    frames = pictures(5)
    written(tmp_path / "a.webp", frames, UNEVEN_CS, content="screen")
    shown = seen(tmp_path / "a.webp")
    assert shown.delays_cs == UNEVEN_CS
    assert apart(shown.frames, frames) == 0


def test_drawing_is_a_lossless_webp_where_that_is_small(tmp_path: Path) -> None:
    drawn = [np.full((60, 80, 3), (250, 250, 250), np.uint8) for _ in range(4)]
    for number, picture in enumerate(drawn):
        picture[10:30, 8 * number : 8 * number + 20] = (200, 30, 40)
    written(tmp_path / "a.webp", drawn, [10] * 4)
    assert apart(seen(tmp_path / "a.webp").frames, drawn) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]


def test_lossless_trial_does_not_write_through_a_planted_symlink(tmp_path: Path) -> None:
    theirs, drawn = tmp_path / "theirs", [np.full((60, 80, 3), 250, np.uint8)] * 2
    theirs.touch()
    (tmp_path / "a.webp.lossless").symlink_to(theirs)
    with pytest.raises(errors.OutputNotWritable, match="File exists"):
        written(tmp_path / "a.webp", drawn, [10] * 2)
    assert theirs.read_bytes() == b""


def test_flat_beginning_does_not_make_a_film_lossless(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (4, 60, 80, 3), np.uint8)
    black = [np.full((60, 80, 3), 8 * number, np.uint8) for number in range(8)]
    written(tmp_path / "a.webp", [*black, *noise], [10] * 12)
    assert apart(seen(tmp_path / "a.webp").frames[8:], list(noise)) > 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.webp"]


@pytest.mark.parametrize("name", [f"a.{name}" for name in OTHERS])
def test_equal_neighbours_are_merged(tmp_path: Path, name: str) -> None:
    red, blue = (np.full((16, 16, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    result = written(tmp_path / name, [red, red, blue, blue, blue], [7, 3, 50, 60, 2])
    assert seen(tmp_path / name).delays_cs == stored(name, [10, 112])
    assert result.frames == len(stored(name, [10, 112]))


def test_long_delay_is_split_at_the_formats_maximum(tmp_path: Path) -> None:
    red = np.full((16, 16, 3), (255, 0, 0), np.uint8)
    result = written(tmp_path / "a.apng", [red] * 3, [60_000, 60_000, 5])
    assert sum(seen(tmp_path / "a.apng").delays_cs) == 120_005
    assert result.frames == 2


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
@pytest.mark.parametrize("at_s", [0.2, 0.75, 1.69])
def test_seeking_in_a_video_shows_the_right_picture(tmp_path: Path, name: str, at_s: float) -> None:
    written(tmp_path / name, pictures(2), [50, 130])
    run_ffmpeg("-ss", at_s, "-i", tmp_path / name, "-frames:v", 1, tmp_path / "found.png")
    assert (tmp_path / "found.png").exists()


@pytest.mark.parametrize("name", [f"a.{name}" for name in OTHERS])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 1), (1, 7), (161, 121)])
def test_odd_dimensions(tmp_path: Path, name: str, width: int, height: int) -> None:
    frames = [np.full((height, width, 3), grey, np.uint8) for grey in (40, 80, 160)]
    result = written(tmp_path / name, frames, [10, 20, 30])
    shown = seen(tmp_path / name)
    assert shown.delays_cs == stored(name, [10, 20, 30])
    assert shown.frames.shape[1:3] == (result.height_px, result.width_px)
    assert apart(shown.frames[:, :height, :width], held(frames, name, [10, 20, 30])) <= 3
    if name == "a.mp4":
        assert (result.width_px, result.height_px) == (width + width % 2, height + height % 2)
        assert np.ptp(shown.frames[1]) == 255 - shown.frames[1].min()  # grey and opaque everywhere
    else:
        assert (result.width_px, result.height_px) == (width, height)


@pytest.mark.parametrize(
    ("name", "delays_cs"),
    [("a.webp", [0]), ("a.avif", [100]), ("a.apng", [0]), ("a.mp4", [10] * 7), ("a.webm", [10] * 7)],
)
def test_single_frame(tmp_path: Path, name: str, delays_cs: list[int]) -> None:
    frames = pictures(1)
    assert written(tmp_path / name, frames, [70]).frames == len(delays_cs)
    shown = seen(tmp_path / name)
    assert shown.delays_cs == delays_cs
    assert apart(shown.frames, frames * len(delays_cs)) <= 5


def test_mp4_shows_white_where_the_clip_is_transparent(tmp_path: Path) -> None:
    clear = np.zeros((16, 16, 4), np.uint8)
    half = np.full((16, 16, 4), (0, 0, 0, 128), np.uint8)
    written(tmp_path / "a.mp4", [clear, half], [10, 10])
    shown = seen(tmp_path / "a.mp4").frames
    assert shown[0, 8, 8].tolist() == [255, 255, 255, 255]
    np.testing.assert_allclose(shown[1, 8, 8, :3], 127, atol=3)


def test_mp4_reports_odd_dimensions_as_even() -> None:
    odd = prepared(rendering([np.zeros((9, 6, 3), np.uint8)], [10]), "mp4")
    assert (odd.width_px, odd.height_px) == (6, 10)
    assert odd.notes == (
        "An MP4 has even sides: a row or column was added to the 6 \N{MULTIPLICATION SIGN} 9 px.",
    )
    assert prepared(rendering([np.zeros((8, 6, 3), np.uint8)], [10]), "mp4").notes == ()


def test_webm_stays_transparent(tmp_path: Path) -> None:
    source = pictures(5, width=160, height=96, alpha=True)
    written(tmp_path / "a.webm", source, [10] * 5)
    raw = tmp_path / "raw"  # libavcodec's own decoder ignores transparency
    passed = ("-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "rgba")
    run_ffmpeg("-c:v", "libvpx-vp9", "-i", tmp_path / "a.webm", *passed, raw)
    frames = np.frombuffer(raw.read_bytes(), np.uint8).reshape(-1, 96, 160, 4)
    assert np.abs(frames[..., 3].astype(int) - np.stack(source)[..., 3]).mean() < 2


@pytest.mark.parametrize(
    ("name", "codec", "matrix", "transfer"),
    [("a.webm", "libvpx-vp9", 1, 1), ("a.avif", "libdav1d", 6, 13)],
)
def test_file_states_its_colour_space(
    tmp_path: Path, name: str, codec: str, matrix: int, transfer: int
) -> None:
    written(tmp_path / name, [np.full((16, 16, 3), (0x30, 0x70, 0xD0), np.uint8)] * 2, [10, 10])
    with av.open(tmp_path / name) as video:
        frame = next(video.decode(video=0))
        assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (
            1,
            matrix,
            1,
            transfer,
        )
    np.testing.assert_allclose(frame.to_ndarray(format="rgb24")[8, 8], (0x30, 0x70, 0xD0), atol=3)


def test_mp4_is_playable_in_browsers(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    written(path, [np.full((16, 16, 3), (0x30, 0x70, 0xD0), np.uint8)] * 2, [10, 10])
    with av.open(path) as video:
        stream = video.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, context.has_b_frames) == ("h264", "yuv420p", False)
        assert (context.color_range, context.colorspace, context.color_trc, context.color_primaries) == (
            1,
            1,
            1,
            1,
        )
        assert video.duration == 200_000
        frame = next(video.decode(video=0)).to_ndarray(format="rgb24")
    np.testing.assert_allclose(frame[8, 8], (0x30, 0x70, 0xD0), atol=3)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # index first: plays while it loads


@pytest.mark.parametrize("name", [f"a.{name}" for name in OTHERS])
def test_encoding_is_deterministic(tmp_path: Path, name: str) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder / name, pictures(5), UNEVEN_CS)
    assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("name", [f"a.{name}" for name in OTHERS])
def test_too_large_file_is_refused(tmp_path: Path, name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (6, 200, 200, 3), np.uint8)
    with pytest.raises(errors.ConversionTooBig):
        written(tmp_path / name, list(noise), [10] * 6, limits=Limits(max_gif_bytes=5_000))
    assert no_ffmpeg_is_left()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk to try")
@pytest.mark.parametrize("format_", OTHERS)
def test_full_disk_is_reported_in_a_sentence(format_: Format) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (4, 100, 100, 3), np.uint8)
    with pytest.raises(errors.DiskFull):
        written(Path("/dev/full"), list(noise), [10] * 4, format=format_)
    assert no_ffmpeg_is_left()


def no_ffmpeg_is_left() -> bool:
    return not [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()]
