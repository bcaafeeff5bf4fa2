"""What is no file becomes one: frames, clips and animations."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from moviepy import AudioClip, ColorClip, ImageClip
from PIL import Image, ImageCms, ImageSequence

from gifapp import Recipe, convert, errors
from gifapp.conversion.images.colour_profile import of_code_points
from gifapp.conversion.intake.frames import pixels_of
from gifapp.conversion.intake.python_input import as_file
from gifapp.conversion.probing.probe import probe
from gifapp.domain.limits import Limits
from tests.fakes import Impatient
from tests.letters import pixels, read_gif, told, write_clip

FRAMES = pixels([["RR"], ["GG"], ["BB"]])
RGBW = [["RR"], ["GG"], ["BB"], ["WW"]]  # ten a second: 0.4 s


def played(source: Any, folder: Path) -> str:
    convert(source, Recipe(fps=10, dither="none"), folder / "out.gif")
    return told(read_gif(folder / "out.gif"))


class Tensor:
    """What PyTorch's and TensorFlow's look like to NumPy."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        return self._array


class TensorOnAGraphicsCard:
    def __array__(self, dtype: object = None, copy: object = None) -> np.ndarray:
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def with_palette() -> Image.Image:
    return Image.fromarray(FRAMES[0, ..., :3].copy()).quantize()


@pytest.mark.parametrize(
    "source",
    [
        FRAMES,
        list(FRAMES[..., :3]),
        (frame for frame in FRAMES),
        Tensor(FRAMES),
        [Tensor(frame) for frame in FRAMES],
        [with_palette(), *(Image.fromarray(frame[..., :3].copy()) for frame in FRAMES[1:])],
    ],
    ids=["array", "list", "generator", "tensor", "tensors", "Pillow"],
)
def test_frames_may_come_in_many_ways(source: Any, tmp_path: Path) -> None:
    with as_file(source, fps=10, on_frame=lambda: None) as path:
        video = probe(path, limits=Limits())
    assert (video.width_px, video.height_px, video.duration_s, video.fps) == (2, 1, 0.3, 10)


def test_frames_one_by_one_play_as_an_array_does(tmp_path: Path) -> None:
    assert played(iter(FRAMES), tmp_path) == "R10 G10 B10"
    assert played([with_palette()] * 2, tmp_path) == "R20"


MASKED = np.ma.masked_equal(np.eye(4, dtype=np.uint8)[np.newaxis], 1)


def test_an_array_that_masks_nothing_plays(tmp_path: Path) -> None:
    assert played(np.ma.masked_array(FRAMES), tmp_path) == "R10 G10 B10"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ([], "there are none"),
        (np.zeros((0, 2, 2, 3), np.uint8), "there are none"),
        (np.random.default_rng(1).random((2, 4, 4, 3)), "their numbers are float64, not uint8 from 0 to 255"),
        (np.zeros((480, 640, 3), np.uint8), r"the shape is \(480, 640, 3\), not \(frames, height, width\)"),
        (np.zeros((2, 3, 48, 64), np.uint8), r"the shape of one is \(3, 48, 64\), not \(height, width\)"),
        (np.zeros((2, 0, 5), np.uint8), r"the shape of one is \(0, 5"),
        ([FRAMES[0], FRAMES[0][:, :1]], r"number 2 has the shape \(1, 1, 4\), the first one \(1, 2, 4\)"),
        ([[[1, 2], [3]]], "NumPy cannot read them"),
        (TensorOnAGraphicsCard(), "can't convert cuda:0"),
        (42, "int is no sequence of them"),
        (None, "NoneType is no sequence of them"),
        (np.ones((2, 4, 5), bool), r"are bool, not uint8 from 0 to 255; scale them .* astype\('uint8'\)"),
        (MASKED, r"some of their pixels are masked; fill them with filled\(0\)"),
        ([FRAMES[0], MASKED[0]], "some of their pixels are masked"),
        (np.zeros((2, 4, 5, 3), ">u2"), "their numbers are >u2, not uint8"),
        (np.zeros((2, 4, 5, 2), np.uint8), r"the shape of one is \(4, 5, 2\), not \(height, width\)"),
        (np.zeros((2, 4, 5, 5), np.uint8), r"the shape of one is \(4, 5, 5\)"),
        (iter(()), "there are none"),
        ([Image.new("F", (2, 1))], "mode F has no white of its own; scale it to 0 to 255"),
        (
            [Image.fromarray(np.array([[-5, 70_000]], np.int32))],
            "mode I goes from -5 to 70000, not 0 to 65535",
        ),
    ],
)
def test_what_is_wrong_with_frames_is_said(source: Any, says: str) -> None:
    with pytest.raises(errors.FramesInvalid, match=says):
        convert(source)


def grey(*levels: int, dtype: str = "u2") -> Image.Image:
    return Image.fromarray(np.array([levels], dtype))


def filled(mode: str, colour: Any, **info: Any) -> Image.Image:
    image = Image.new(mode, (1, 1), colour)
    image.info |= info
    return image


def quantized(*colours: tuple[int, ...]) -> Image.Image:
    image = Image.new("RGBA", (len(colours), 1))
    image.putdata(colours)
    return image.quantize()


def with_alpha(image: Image.Image, alpha: int) -> Image.Image:
    image.putalpha(alpha)
    return image


def with_a_transparent_index(index: int) -> Image.Image:
    image = filled("RGB", (255, 0, 0)).quantize()
    image.info["transparency"] = index
    return image


RED, RED_GONE, BLUE = (255, 0, 0, 255), (255, 0, 0, 0), (0, 0, 255, 255)
PICTURES = {
    "1": (filled("1", 1), [(255, 255, 255)]),
    "L": (filled("L", 77), [(77, 77, 77)]),
    "L with a transparent grey": (filled("L", 77, transparency=77), [(77, 77, 77, 0)]),
    "LA": (filled("LA", (77, 128)), [(77, 77, 77, 128)]),
    "La": (filled("LA", (77, 255)).convert("La"), [(77, 77, 77, 255)]),
    "I;16": (grey(0, 255, 256, 0x8080, 65535), [(level,) * 3 for level in (0, 0, 1, 128, 255)]),
    "I;16B": (filled("I;16B", 0x8080), [(128, 128, 128)]),
    "I;16L": (filled("I;16L", 0x8080), [(128, 128, 128)]),
    "I;16N": (filled("I;16N", 0x8080), [(128, 128, 128)]),
    "I;16 with a transparent grey": (filled("I;16", 0x8080, transparency=0x8080), [(128, 128, 128, 0)]),
    "I": (grey(0, 0x8080, 65535, dtype="i4"), [(level,) * 3 for level in (0, 128, 255)]),
    "P": (quantized(RED, BLUE).convert("RGB").quantize(), [RED[:3], BLUE[:3]]),
    "P with alpha in its palette": (quantized(RED, RED_GONE, BLUE), [RED, RED_GONE, BLUE]),
    "P with a transparent index": (with_a_transparent_index(0), [RED_GONE]),
    "PA": (with_alpha(quantized(RED, BLUE), 128), [(*RED[:3], 128), (*BLUE[:3], 128)]),
    "RGB": (filled("RGB", (10, 20, 30)), [(10, 20, 30)]),
    "RGB with a transparent colour": (
        filled("RGB", (10, 20, 30), transparency=(10, 20, 30)),
        [(10, 20, 30, 0)],
    ),
    "RGBA": (filled("RGBA", (10, 20, 30, 40)), [(10, 20, 30, 40)]),
    "RGBa": (filled("RGBA", (200, 100, 50, 255)).convert("RGBa"), [(200, 100, 50, 255)]),
    "RGBX": (filled("RGBX", (10, 20, 30, 40)), [(10, 20, 30)]),
    "CMYK": (filled("CMYK", (255, 0, 0, 0)), [(0, 255, 255)]),
    "YCbCr": (filled("RGB", (200, 200, 200)).convert("YCbCr"), [(200, 200, 200)]),
    "HSV": (filled("HSV", (0, 255, 255)), [(255, 0, 0)]),
    "LAB": (filled("LAB", (255, 128, 128)), [(255, 255, 255)]),
}


@pytest.mark.parametrize(("image", "shown"), PICTURES.values(), ids=PICTURES)
def test_pillow_images_of_every_mode_show_their_colours(image: Image.Image, shown: list[Any]) -> None:
    assert pixels_of(image)[0].tolist() == [pytest.approx(pixel, abs=1) for pixel in shown]


def test_pillow_images_are_not_turned_by_what_their_file_said() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.array([[RED[:3], BLUE[:3]]], np.uint8))
    image.info["exif"] = exif.tobytes()
    assert pixels_of(image).tolist() == [[[*RED[:3]], [*BLUE[:3]]]]
    assert "exif" in image.info


DISPLAY_P3 = of_code_points(12, 13)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize(
    ("mode", "colour", "profile", "shown"),
    [
        ("RGB", (200, 100, 50), DISPLAY_P3, (215, 93, 32)),
        ("RGBA", (200, 100, 50, 128), DISPLAY_P3, (215, 93, 32, 128)),
        ("RGB", (200, 100, 50), SRGB, (200, 100, 50)),
        ("RGB", (200, 100, 50), b"rubbish", (200, 100, 50)),
        ("L", 100, DISPLAY_P3, (100, 100, 100)),
    ],
    ids=["P3", "P3 with alpha", "sRGB", "rubbish", "grey"],
)
def test_pillow_images_show_the_colours_of_their_profile(
    mode: str, colour: Any, profile: bytes, shown: tuple[int, ...]
) -> None:
    assert pixels_of(filled(mode, colour, icc_profile=profile))[0, 0].tolist() == pytest.approx(shown, abs=2)


def test_every_mode_that_pillow_has_is_tried() -> None:
    assert {image.mode for image, _ in PICTURES.values()} >= set(Image.MODES) - {"F"}


@pytest.mark.parametrize("grey_of", ["a file", "Pillow"])
def test_16_bits_of_grey_are_as_bright_as_in_a_png(grey_of: str, tmp_path: Path) -> None:
    image = Image.fromarray(np.full((8, 8), 0x8080, np.uint16))
    image.save(tmp_path / "grey.png")
    convert(tmp_path / "grey.png" if grey_of == "a file" else [image], output=tmp_path / "out.gif")
    with Image.open(tmp_path / "out.gif") as shown:
        assert shown.convert("RGB").getpixel((4, 4)) == (128, 128, 128)


SEE_THROUGH = FRAMES.copy()
SEE_THROUGH[..., 0, 3] = 0


@pytest.mark.parametrize(
    ("frames", "shown"),
    [
        ([FRAMES[0, ..., :3], FRAMES[1]], "RR GG"),
        ([FRAMES[0], FRAMES[1, ..., :3]], "RR GG"),
        ([FRAMES[0, ..., :3], SEE_THROUGH[1]], "RR .G"),
        ([FRAMES[0, ..., :3], FRAMES[1], SEE_THROUGH[2], FRAMES[0, ..., :3]], "RR GG .B RR"),
        ([SEE_THROUGH[0], FRAMES[1, ..., :3]], ".R GG"),
    ],
)
def test_frames_with_and_without_alpha_may_be_mixed(frames: list[Any], shown: str, tmp_path: Path) -> None:
    report = convert(iter(frames), Recipe(fps=10, dither="none"), tmp_path / "out.gif")
    letters = ["".join(rows[0]) for rows, _ in read_gif(tmp_path / "out.gif")]
    assert (" ".join(letters), report.duration_s) == (shown, len(frames) / 10)


@pytest.mark.parametrize(
    "array",
    [
        FRAMES[..., ::-1][..., ::-1],
        np.asfortranarray(FRAMES),
        np.repeat(FRAMES, 2, axis=2)[:, :, ::2],
        np.broadcast_to(FRAMES[:, :, :1], FRAMES.shape),
    ],
    ids=["turned twice", "by columns", "every other column", "read-only"],
)
def test_arrays_may_lie_in_memory_as_they_like(array: np.ndarray, tmp_path: Path) -> None:
    assert played(array, tmp_path) == "R10 G10 B10"


@pytest.mark.parametrize("shape", [(3, 2, 6), (3, 2, 6, 1)])
def test_grey_frames_have_one_channel_or_none(shape: tuple[int, ...], tmp_path: Path) -> None:
    white = np.full(shape, 255, np.uint8)
    assert played(white, tmp_path) == "W30"


def test_storing_frames_can_be_cancelled() -> None:
    def endless() -> Iterator[np.ndarray]:
        while True:
            yield FRAMES[0]

    with pytest.raises(errors.Cancelled):
        convert(endless(), on_progress=Impatient(cancel_at=0.0))


@pytest.fixture
def axes() -> Iterator[Any]:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(1, 0.5), dpi=40)
    axes.set_position((0, 0, 1, 1))
    yield axes
    pyplot.close(figure)


def test_a_matplotlib_animation_plays_at_its_own_interval(axes: Any, tmp_path: Path) -> None:
    from matplotlib.animation import FuncAnimation

    def draw(colour: str) -> list[Any]:
        axes.set_facecolor(colour)
        return []

    animation = FuncAnimation(axes.figure, draw, frames=["red", "lime", "blue"], interval=250)
    report = convert(animation, Recipe(dither="none"), tmp_path / "out.gif")
    assert (report.width_px, report.height_px, report.duration_s) == (40, 20, 0.75)
    shown = read_gif(tmp_path / "out.gif")
    assert [(rows[10][20], delay_cs) for rows, delay_cs in shown] == [("R", 25), ("G", 25), ("B", 25)]


def test_an_artist_animation_is_a_source(axes: Any, tmp_path: Path) -> None:
    from matplotlib.animation import ArtistAnimation

    shown = [[axes.text(0.5, 0.5, word)] for word in ("one", "two", "three")]
    report = convert(ArtistAnimation(axes.figure, shown, interval=100), output=tmp_path / "out.gif")
    assert (report.frames, report.duration_s) == (3, 0.3)


def test_what_an_animation_raises_is_raised(axes: Any) -> None:
    from matplotlib.animation import FuncAnimation

    def draw(number: int) -> list[Any]:
        if number == 2:
            raise ZeroDivisionError
        return []

    with pytest.raises(ZeroDivisionError):
        convert(FuncAnimation(axes.figure, draw, frames=5))


def animated(
    axes: Any, draw: Callable[[int], object] = lambda _: None, *, frames: int = 3, interval: int = 100
) -> Any:
    from matplotlib.animation import FuncAnimation

    return FuncAnimation(axes.figure, lambda number: draw(number) or [], frames=frames, interval=interval)


@pytest.mark.parametrize(
    ("width_in", "height_in", "dpi"),
    [
        (3.333, 2.227, 97),
        (6.4, 4.8, 72.3),
        (1.005, 1.005, 200),
        (0.57, 0.29, 100),
        (0.77, 0.87, 100),
        (1, 1, 33.7),
    ],
)
def test_a_figure_of_any_size_is_shown_as_it_is_drawn(
    axes: Any, width_in: float, height_in: float, dpi: float, tmp_path: Path
) -> None:
    axes.figure.set_size_inches(width_in, height_in)
    axes.figure.set_dpi(dpi)
    axes.figure.savefig(tmp_path / "drawn.png", dpi=dpi)
    with Image.open(tmp_path / "drawn.png") as drawn:
        report = convert(animated(axes), output=tmp_path / "out.gif")
        assert (report.width_px, report.height_px) == drawn.size


SETTINGS = {
    "savefig.bbox": ("tight", (40, 20)),
    "savefig.pad_inches": (3, (40, 20)),
    "savefig.dpi": (80, (80, 40)),
    "savefig.format": ("pdf", (40, 20)),
}


@pytest.mark.parametrize(
    ("name", "value", "size_px"), [(n, v, s) for n, (v, s) in SETTINGS.items()], ids=SETTINGS
)
def test_matplotlibs_settings_for_files_do_not_shear_a_frame(
    axes: Any, name: str, value: Any, size_px: tuple[int, int], tmp_path: Path
) -> None:
    from matplotlib import rc_context

    with rc_context({name: value}):
        report = convert(animated(axes), output=tmp_path / "out.gif")
    assert (report.width_px, report.height_px, report.duration_s) == (*size_px, 0.3)


def corners(path: Path) -> list[tuple[int, ...]]:
    """The upper left pixel of every frame."""
    with Image.open(path) as gif:
        return [frame.convert("RGBA").getpixel((0, 0)) for frame in ImageSequence.Iterator(gif)]


GONE = (0, 0, 0, 0)
WHITE = (255, 255, 255, 255)


def test_a_transparent_figure_stays_transparent(axes: Any, tmp_path: Path) -> None:
    axes.set_axis_off()
    axes.figure.patch.set_alpha(0)
    convert(animated(axes), output=tmp_path / "out.gif")
    assert set(corners(tmp_path / "out.gif")) == {GONE}


def test_matplotlibs_setting_for_transparency_counts(axes: Any, tmp_path: Path) -> None:
    from matplotlib import rc_context

    axes.set_axis_off()
    with rc_context({"savefig.transparent": True}):
        convert(animated(axes), output=tmp_path / "out.gif")
    assert set(corners(tmp_path / "out.gif")) == {GONE}


def test_an_opaque_figure_has_no_transparent_part(axes: Any, tmp_path: Path) -> None:
    report = convert(animated(axes), output=tmp_path / "out.gif")
    assert report.notes == ()


def test_a_figure_may_become_transparent(axes: Any, tmp_path: Path) -> None:
    axes.set_axis_off()
    animation = animated(axes, lambda number: axes.figure.patch.set_alpha(1 - number / 2))
    with as_file(animation, fps=10, on_frame=lambda: None) as path:
        assert probe(path, limits=Limits()).has_alpha
        convert(path, Recipe(fps=10), tmp_path / "out.gif")
    shown = corners(tmp_path / "out.gif")
    assert (shown[0], shown[-1]) == (WHITE, GONE)


def test_a_figure_that_changes_its_size_is_refused(axes: Any) -> None:
    animation = animated(axes, lambda number: axes.figure.set_size_inches(1 + number, 0.5))
    with pytest.raises(errors.FramesInvalid, match=r"number 2 has the shape \(20, 80, 3\), the first one"):
        convert(animation)


def test_an_animation_without_an_interval_plays_at_the_recipes_rate(axes: Any, tmp_path: Path) -> None:
    report = convert(animated(axes, interval=0), Recipe(fps=5), tmp_path / "out.gif")
    assert report.duration_s == 0.6


@pytest.mark.filterwarnings("ignore:Can not start iterating")
def test_an_animation_without_frames_is_refused(axes: Any) -> None:
    with pytest.raises(errors.FramesInvalid, match="there are none"):
        convert(animated(axes, frames=0))


def test_matplotlib_is_not_imported_for_others() -> None:
    code = (
        "import sys, numpy, gifapp; gifapp.convert(numpy.zeros((2, 4, 5), numpy.uint8)); "
        "assert 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_bytes_are_a_source(tmp_path: Path) -> None:
    video = write_clip(tmp_path / "rgbw.mkv", RGBW)
    report = convert(video.read_bytes(), Recipe(fps=10.0))
    assert told(read_gif(report.save(tmp_path / "a.gif"))) == "R10 G10 B10 W10"


@pytest.mark.parametrize("fps", [7.0, 10.0, 12.5, 30.0])
@pytest.mark.parametrize("letters", ["RGBW", "R.B."])
def test_numpy_frames_are_a_source(tmp_path: Path, fps: float, letters: str) -> None:
    frames = pixels([[letter * 2] for letter in letters])
    frames = frames if "." in letters else frames[..., :3]
    shown = read_gif(convert(frames, Recipe(fps=fps)).save(tmp_path / "a.gif"))
    assert [rows[0][0] for rows, _ in shown] == list(letters)
    assert sum(delay_cs for _, delay_cs in shown) == round(400 / fps)


@pytest.mark.parametrize(
    "array", [np.zeros((2, 4, 4, 3)), np.zeros((4,), np.uint8), np.zeros((0, 2, 2, 3), np.uint8)]
)
def test_arrays_that_are_no_frames_are_refused(array: np.ndarray) -> None:
    with pytest.raises(errors.FramesInvalid):
        convert(array)


def test_a_moviepy_clip_is_a_source(tmp_path: Path) -> None:
    from moviepy.video.VideoClip import VideoClip

    frames = pixels(RGBW)[..., :3]
    clip = VideoClip(lambda t: frames[min(int(t * 10 + 0.01), 3)], duration=0.4).with_fps(10)
    shown = read_gif(convert(clip, Recipe(fps=10.0)).save(tmp_path / "a.gif"))
    assert told(shown) == "R10 G10 B10 W10"


@pytest.mark.parametrize("fps", [5.0, 10.0, 20.0])
def test_a_clip_without_a_rate_plays_at_the_recipes(fps: float, tmp_path: Path) -> None:
    clip = ColorClip((4, 2), color=(255, 0, 0), duration=0.6)
    assert not hasattr(clip, "fps")
    shown = read_gif(convert(clip, Recipe(fps=fps)).save(tmp_path / "a.gif"))
    assert told(shown) == "R60"


def test_a_mask_makes_a_clip_transparent(tmp_path: Path) -> None:
    mask = ImageClip(np.array([[1.0, 0.999, 0.001, 0.0]]), is_mask=True, duration=0.4)
    clip = ColorClip((4, 1), color=(255, 0, 0), duration=0.4).with_mask(mask)
    assert read_gif(convert(clip, Recipe(fps=5.0)).save(tmp_path / "a.gif")) == [(["RR.."], 40)]


def test_a_mask_alone_is_grey(tmp_path: Path) -> None:
    clip = ImageClip(np.array([[1.0, 0.0]]), is_mask=True, duration=0.4)
    with Image.open(convert(clip, Recipe(fps=5.0)).save(tmp_path / "a.gif")) as shown:
        assert [shown.convert("RGB").getpixel((x, 0)) for x in (0, 1)] == [(255, 255, 255), (0, 0, 0)]


@pytest.mark.parametrize("duration", [None, 0, float("inf")])
def test_a_clip_needs_a_duration(duration: float | None) -> None:
    with pytest.raises(errors.FramesInvalid, match="the clip has no duration"):
        convert(ColorClip((4, 2), color=(255, 0, 0), duration=duration))


def test_a_clip_of_sound_is_refused() -> None:
    with pytest.raises(errors.FramesInvalid, match="the shape of one is"):
        convert(AudioClip(np.sin, duration=1, fps=8000))
