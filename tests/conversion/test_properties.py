"""Properties of any recipe and any clip; `make properties` runs many more examples."""

import math
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from types import NoneType
from typing import Annotated, Any, get_args

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import BaseModel

from gifapp.conversion.gif import container, lzw
from gifapp.conversion.gif.canvas import Canvas, Drawn, Rectangle
from gifapp.conversion.gif.frame_differ import Disposal
from gifapp.conversion.gif.histogram import Histogram
from gifapp.conversion.gif.lookup import Lookup
from gifapp.conversion.gif.quantizer import OPAQUE_ALPHA, Palette
from gifapp.conversion.gif.style import Style
from gifapp.conversion.gif.tolerance import tolerance
from gifapp.conversion.pipeline import convert_file
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.choices import Dither
from gifapp.domain.recipes.recipe import Caption, ChromaKey, Crop, Look, Recipe, Segment
from tests.support import reference
from tests.support.depth import examples
from tests.support.fakes import Impatient
from tests.support.gifs import gif_of, seen_by_gifsicle, seen_by_libav, seen_by_pillow
from tests.support.letters import COLOURS, Rows, pixels, write_clip

CLIP_FPS = 10
DITHERS: tuple[Dither, ...] = ("auto", "none", "bayer", "floyd_steinberg", "sierra2_4a", "blue_noise")
FILM = tolerance("film", Style())
EXACT = FILM._replace(strength=0, floor=0, share=0, max_excess=0, spread=0.0)


# --- any clip, any recipe ---------------------------------------------------------------------


@st.composite
def letters(draw: st.DrawFn, max_frames: int = 12) -> list[Rows]:
    """A clip of letters, often with parts that stay and sometimes with transparent pixels."""
    width, height = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    alphabet = draw(st.sampled_from(["RGBKWYCM", "RGBKWYCM.", "RK", "R.", "."]))
    row = st.text(alphabet, min_size=width, max_size=width)
    changed = st.lists(row, min_size=height, max_size=height)
    frames: list[Rows] = [draw(changed)]
    for _ in range(draw(st.integers(0, max_frames - 1))):
        stays = draw(st.integers(0, height))
        frames.append([*frames[-1][:stays], *draw(changed)[stays:]])
    return frames


def values(part: type[BaseModel], field: str) -> st.SearchStrategy[Any]:
    """Any value that the model allows for a field."""
    if field in ("colour", "background", "outline"):
        return st.from_regex(
            r"#[0-9a-fA-F]{6}", fullmatch=True
        )  # Pydantic's patterns are unknown to Hypothesis
    info = part.model_fields[field]
    kinds = get_args(info.annotation)
    annotation = kinds[0] if NoneType in kinds else info.annotation  # the bounds do not apply to None
    form: Any = Annotated[annotation, "as its model says", *info.metadata]
    allowed: st.SearchStrategy[Any] = st.from_type(form)
    return allowed.filter(lambda value: value != math.inf)


def fields(part: type[BaseModel], *names: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some of a part's fields; the others keep their defaults."""
    return st.fixed_dictionaries({}, optional={name: values(part, name) for name in names})


STYLE = ("content", "colours", "palette", "lossy", "effort")
TIME = ("speed", "direction", "fps", "loop", "crossfade_s", "hold_s")
PICTURE = ("aspect", "rotate", "flip", "fit", "background")


def styles() -> st.SearchStrategy[dict[str, Any]]:
    chosen = fields(Recipe, *STYLE)
    return st.builds(dict, chosen, dither=st.sampled_from(DITHERS))


def looks() -> st.SearchStrategy[Look]:
    return st.just(Look()) | fields(Look, *Look.model_fields).map(lambda values: Look(**values))


def keys() -> st.SearchStrategy[ChromaKey | None]:
    return st.none() | fields(ChromaKey, *ChromaKey.model_fields).map(lambda values: ChromaKey(**values))


def captions() -> st.SearchStrategy[list[Caption]]:
    words = st.sampled_from(["Ag", "日本", "שלום", "🙂"])
    chosen: st.SearchStrategy[dict[str, Any]] = st.builds(
        dict, fields(Caption, "start_s", "position", "outline"), text=words
    )
    return st.lists(chosen.map(lambda values: Caption(**values)), max_size=2)


@st.composite
def segments(draw: st.DrawFn, duration_s: float) -> list[Segment]:
    stages = []
    for _ in range(draw(st.integers(0, 3))):
        start_s = draw(st.floats(0, duration_s * 0.99))
        end_s = draw(st.none() | st.floats(start_s + 0.001, duration_s * 2))
        stages.append(Segment(start_s=start_s, end_s=end_s))
    return stages


@st.composite
def crops(draw: st.DrawFn, width: int, height: int) -> Crop:
    x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    return Crop(
        x_px=x,
        y_px=y,
        width_px=draw(st.integers(1, width - x)),
        height_px=draw(st.integers(1, height - y)),
    )


@st.composite
def clips_and_recipes(draw: st.DrawFn) -> tuple[list[Rows], Recipe]:
    clip = draw(letters())
    values = draw(styles()) | draw(fields(Recipe, *TIME, *PICTURE))
    values["segments"] = draw(segments(len(clip) / CLIP_FPS))
    values["width_px"], values["height_px"] = (draw(st.none() | st.integers(1, 12)) for _ in range(2))
    values["look"], values["chroma_key"], values["captions"] = draw(looks()), draw(keys()), draw(captions())
    if "aspect" not in values or values["aspect"] is None:
        values["crop"] = draw(st.none() | crops(len(clip[0][0]), len(clip[0])))
    return clip, Recipe(**values)


@examples(20)
@given(clips_and_recipes())
def test_every_decoder_agrees_on_a_gif_of_any_recipe(example: tuple[list[Rows], Recipe]) -> None:
    clip, recipe = example
    has_holes = any("." in row for frame in clip for row in frame)
    assume(not (has_holes and recipe.look.stabilise))  # stabilising refuses transparency
    with TemporaryDirectory() as name:
        source = write_clip(Path(name, "clip.mov"), clip, fps=CLIP_FPS)
        out = Path(name, "out.gif")
        report = convert_file(source, recipe, out, limits=Limits(), on_progress=Impatient())
        data = out.read_bytes()
    seen, delays_cs, gif = read_by_all(data)
    assert abs(sum(delays_cs) - wanted_cs(recipe, len(clip) / CLIP_FPS)) <= 1
    assert sum(delays_cs) == round(report.duration_s * 100)
    assert min(delays_cs) >= 2
    assert (report.width_px, report.height_px) == (gif.width_px, gif.height_px)
    assert (report.bytes, report.frames) == (len(data), len(seen))
    plays = recipe.loop or 0
    assert gif.loop == {0: 0, 1: None}.get(plays, plays - 1)
    assert report.colours is not None
    assert report.colours <= recipe.colours
    assert all(len(np.unique(image.indices)) <= report.colours for image in gif.images)
    if is_exact(recipe):
        assert_only_frames_of(seen, clip, recipe)


def is_exact(recipe: Recipe) -> bool:
    """Whether every frame must equal one of the source's, pixel for pixel, except for rotation."""
    changes = (
        "width_px",
        "height_px",
        "aspect",
        "look",
        "chroma_key",
        "background",
        "crossfade_s",
        "captions",
    )
    plain = Recipe()
    return recipe.colours > len(COLOURS) and all(
        getattr(recipe, name) == getattr(plain, name) for name in changes
    )


def read_by_all(data: bytes) -> tuple[np.ndarray, list[int], reference.Gif]:
    """Decode with Pillow, FFmpeg, gifsicle and the reference; all must agree on frames and delays."""
    gif = reference.parsed(data)
    seen = np.stack(list(reference.shown(gif)))
    delays_cs = [image.delay_cs for image in gif.images]
    for reader in (seen_by_pillow, seen_by_libav, seen_by_gifsicle):
        frames, delays = reader(data)
        assert delays == delays_cs, reader.__name__
        np.testing.assert_array_equal(frames, seen, reader.__name__)
    return seen, delays_cs, gif


def test_every_decoder_agrees_on_two_shades_that_equal_their_indices() -> None:
    gif, _ = gif_of([np.full((1, 1, 3), shade, np.uint8) for shade in (0, 1)], colours=4)
    read_by_all(gif)


def wanted_cs(recipe: Recipe, duration_s: float) -> int:
    ranges = recipe.segments or [Segment()]
    parts_s = [(min(part.end_s or duration_s, duration_s) - part.start_s) / recipe.speed for part in ranges]
    # the middle segments overlap both neighbours
    rooms_s = [parts_s[0], *(part_s / 2 for part_s in parts_s[1:-1]), *parts_s[1:][-1:]]
    crossed_s = sum(min(recipe.crossfade_s, *both) for both in pairwise(rooms_s))
    once_cs = max(2, round((sum(parts_s) - crossed_s) * 100))
    return once_cs * (2 if recipe.direction == "boomerang" else 1) + round(recipe.hold_s * 100)


def assert_only_frames_of(seen: np.ndarray, clip: list[Rows], recipe: Recipe) -> None:
    source = pixels(clip)
    if crop := recipe.crop:
        rows = slice(crop.y_px, crop.y_px + crop.height_px)
        source = source[:, rows, crop.x_px : crop.x_px + crop.width_px]
    source = np.rot90(source, -recipe.rotate // 90, axes=(1, 2))
    source = source[:, ::-1] if recipe.flip in ("vertical", "both") else source
    source = source[:, :, ::-1] if recipe.flip in ("horizontal", "both") else source
    assert {frame.tobytes() for frame in seen} <= {frame.tobytes() for frame in source}


# --- any pictures -----------------------------------------------------------------------------


@st.composite
def films(draw: st.DrawFn, channels: int = 3) -> np.ndarray:
    """Moving pictures: smooth or noisy, calm or wild, with holes if there is alpha."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, height, width = draw(st.integers(1, 20)), draw(st.integers(1, 16)), draw(st.integers(1, 16))
    drift, noise, contrast = draw(st.integers(0, 9)), draw(st.integers(0, 40)), draw(st.integers(0, 60))
    number, y, x = np.mgrid[:count, :height, :width][..., np.newaxis]
    slope = rng.integers(-contrast, contrast + 1, (2, 3))
    film: np.ndarray = rng.integers(0, 256, 3) + slope[0] * x + slope[1] * y + drift * number
    film = film + rng.integers(-noise, noise + 1, film.shape)
    if channels == 4:
        film = np.concatenate([film, holes(rng, film.shape)], axis=3)
    return np.asarray(np.clip(film, 0, 255)).astype(np.uint8)


def holes(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    share = rng.choice([0.0, 0.1, 0.5, 1.0])
    return np.where(rng.random((*shape[:3], 1)) < share, rng.integers(0, 256, (*shape[:3], 1)), 255)


@examples(60)
@given(films(3) | films(4), styles(), st.data())
def test_every_decoder_agrees_on_a_gif_of_any_film(
    film: np.ndarray, style: dict[str, Any], data: st.DataObject
) -> None:
    delays_cs = data.draw(st.lists(st.integers(2, 70_000), min_size=len(film), max_size=len(film)))
    gif, encoded = gif_of(film, delays_cs, **style)
    seen, read_cs, _ = read_by_all(gif)
    assert sum(read_cs) == sum(delays_cs)
    assert (encoded.frames, encoded.bytes) == (len(seen), len(gif))
    wanted = film if film.shape[3] == 4 else np.full((*film.shape[:3], 4), 255, np.uint8)
    for frame, source in zip(seen[showing(read_cs, delays_cs)], wanted, strict=True):
        np.testing.assert_array_equal(frame[..., 3] != 0, source[..., 3] >= OPAQUE_ALPHA)


def showing(read_cs: list[int], delays_cs: list[int]) -> np.ndarray:
    """The index of the GIF's frame shown at the start of each source frame."""
    begins = np.cumsum([0, *delays_cs[:-1]])
    return np.searchsorted(np.cumsum(read_cs), begins, side="right")


@examples(80)
@given(films(), st.integers(2, 256), st.sampled_from(DITHERS))
def test_every_pixel_is_nearly_the_palettes_nearest_colour(
    film: np.ndarray, colours: int, dither: str
) -> None:
    """The error of a pixel exceeds that of the palette's nearest colour only for these reasons:

    - The lookup uses cells of 4 x 4 x 4 colours: the wanted colour differs from its cell's centre by
      at most 2 in each channel, which is 6 in the weighted distance; it counts twice.
    - The wanted colour is the source's plus the errors that its eight neighbours pass on, or plus a dither
      threshold of at most 4. By the triangle inequality this counts twice as well.
    - A pixel that is kept, or that continues an LZW string, may be worse by the tolerance: its squared
      distance from the wanted colour grows by at most `max_excess`.
    """
    gif = reference.parsed(gif_of(film, dither=dither, colours=colours)[0])
    assume(len(gif.images) == len(film))
    for image, shown, source in zip(gif.images, reference.shown(gif), film, strict=True):
        table = image.table[np.unique(image.indices[image.is_drawn])]
        nearest = far(source[:, :, np.newaxis], table).min(axis=2, initial=765.0)
        wrong = np.abs(shown[..., :3] - source.astype(int)).max(axis=2)
        reach = 3 * (4.0 if dither in ("bayer", "blue_noise") else 0 if dither == "none" else owed(wrong))
        bound = np.sqrt((nearest + 12 + reach) ** 2 + FILM.max_excess) + reach
        assert (far(shown[..., :3], source) <= bound).all()


def far(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The weighted distances between colours."""
    squares: np.ndarray = (some.astype(int) - others.astype(int)) ** 2
    distances: np.ndarray = np.sqrt(squares @ FILM.weights)
    return distances


def owed(wrong: np.ndarray) -> np.ndarray:
    """The largest error that neighbours with errors `wrong` can pass on to each pixel, per channel.

    A neighbour passes on a share of its own error and of what it received: the sum of a geometric series.
    """
    share = FILM.strength / 256
    bound = np.zeros(wrong.shape)
    for _ in range(24):
        around = np.pad(wrong + bound, 1)
        parts = [around[y : y + wrong.shape[0], x : x + wrong.shape[1]] for y in range(3) for x in range(3)]
        del parts[4]  # the pixel itself
        bound = share * np.max(parts, axis=0) + 0.5
    return bound


@examples(40)
@given(films(), st.integers(4, 256), st.sampled_from(DITHERS))
def test_decoders_show_exactly_what_the_canvas_drew(film: np.ndarray, colours: int, dither: Dither) -> None:
    canvas = Canvas(film.shape[2], film.shape[1], dither)
    meant, images = [], []
    for picture in film:
        palette = chosen(picture, colours)
        drawn = canvas.draw(np.ascontiguousarray(picture), palette, Lookup(palette), FILM)
        images.append(image_block(drawn, palette))
        meant.append(canvas.shown.copy())
    head = container.header(film.shape[2], film.shape[1], palette, 0)
    seen, _, _ = read_by_all(head + b"".join(images) + container.TRAILER)
    np.testing.assert_array_equal(seen[..., :3], meant)


def chosen(picture: np.ndarray, colours: int) -> Palette:
    histogram = Histogram()
    histogram.add(np.ascontiguousarray(picture))
    table = histogram.choose(colours - 1, FILM.weights)
    return Palette(table, len(table))


def image_block(drawn: Drawn, palette: Palette) -> bytes:
    if drawn.where.is_empty:
        nothing = np.full((1, 1), palette.transparent, np.uint8)
        drawn = Drawn(Rectangle(0, 0, 1, 1), nothing, lzw.codes_of(nothing))
    data = lzw.packed(drawn.codes, palette.table_bits, lzw.AS_THEY_ARE)
    return container.image(data, drawn.where, palette, 5, Disposal.KEEP, is_global=False)
