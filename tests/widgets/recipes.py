"""Any recipe, as hypothesis draws them."""

import base64

from hypothesis import strategies as st

from gifapp.domain.recipe import Caption, ChromaKey, Crop, Look, Overlay, Recipe, Segment
from tests.widgets.scripted import a_source

COLOURS = st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)
POSITIONS = st.sampled_from(["top_left", "top", "centre", "right", "bottom"])
DURATION_S = a_source().duration_s or 0.0
PICTURES = st.binary(max_size=20).map(lambda more: base64.b64encode(b"GIF8" + more).decode())


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


@st.composite
def spans(draw: st.DrawFn, most_s: float) -> dict[str, float | None]:
    """A start, and an end after it or none."""
    start_s = draw(numbers(0, most_s * 0.9))
    end_s = draw(st.none() | st.floats(start_s, most_s, exclude_min=True))
    return {"start_s": start_s, "end_s": end_s}


SEGMENTS = st.lists(spans(DURATION_S).map(lambda span: Segment(**span)), max_size=3).map(tuple)


@st.composite
def captions(draw: st.DrawFn) -> Caption:
    return Caption(
        text=draw(st.text(min_size=1, max_size=20).filter(str.strip)),  # the form drops one of blanks
        position=draw(POSITIONS),
        size_px=draw(st.integers(6, 400)),
        colour=draw(COLOURS),
        outline=draw(st.none() | COLOURS),
        **draw(spans(60.0)),
    )


@st.composite
def crops(draw: st.DrawFn) -> Crop:
    """A rectangle within the picture of the source."""
    source = a_source()
    x_px, y_px = draw(st.integers(0, source.width - 1)), draw(st.integers(0, source.height - 1))
    width_px = draw(st.integers(1, source.width - x_px))
    return Crop(x_px=x_px, y_px=y_px, width_px=width_px, height_px=draw(st.integers(1, source.height - y_px)))


LOOKS = st.builds(
    Look,
    brightness=numbers(-1, 1),
    contrast=numbers(0, 3),
    gamma=numbers(0.1, 10),
    grayscale=st.booleans(),
    invert=st.booleans(),
    blur_px=numbers(0, 50),
    fade_in_s=numbers(0, 10),
    fade_out_s=numbers(0, 10),
)

PLAIN = st.builds(
    Recipe,
    segments=SEGMENTS,
    crossfade_s=numbers(0, 10),
    speed=numbers(0.1, 10),
    direction=st.sampled_from(["forward", "reverse", "boomerang"]),
    fps=numbers(1, 50),
    loop=st.integers(0, 65535),
    hold_s=numbers(0, 60),
    deinterlace=st.sampled_from(["auto", "always", "never"]),
    rotate=st.sampled_from([0, 90, 180, 270]),
    flip=st.sampled_from(["none", "horizontal", "vertical", "both"]),
    width_px=st.none() | st.integers(1, 4096),
    height_px=st.none() | st.integers(1, 4096),
    fit=st.sampled_from(["contain", "cover", "stretch"]),
    look=LOOKS,
    chroma_key=st.none() | st.builds(ChromaKey, colour=COLOURS, tolerance=numbers(0.01, 1)),
    background=st.none() | COLOURS,
    captions=st.lists(captions(), max_size=2).map(tuple),
    subtitles=st.none() | st.text(max_size=40).map("00:01.000 --> 00:02.000\n{}".format),
    overlay=st.none()
    | st.builds(Overlay, image=PICTURES, position=POSITIONS, scale=numbers(0.01, 1), opacity=numbers(0, 1)),
    content=st.sampled_from(["auto", "film", "screen"]),
    colours=st.integers(2, 256),
    dither=st.sampled_from(["auto", "none", "bayer", "floyd_steinberg", "sierra2_4a", "blue_noise"]),
    palette=st.sampled_from(["auto", "global", "scene", "per_frame"]),
    lossy=st.integers(0, 200),
    target_bytes=st.none() | st.integers(1_000, 1_000_000_000),
    preset=st.none() | st.sampled_from(["github", "discord", "slack_emoji"]),
)
OTHER_FORMATS = st.sampled_from(["webp", "apng", "mp4"])


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Any recipe for the source of `a_source`."""
    shape = draw(st.just({}) | crops().map(lambda crop: {"crop": crop}) | st.just({"aspect": "3:4"}))
    plain = draw(PLAIN)
    other = {} if plain.target_bytes or plain.preset else {"format": draw(st.just("gif") | OTHER_FORMATS)}
    return plain.model_copy(update=shape | other)
