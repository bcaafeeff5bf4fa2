"""Hypothesis strategies for recipes."""

import base64
from typing import Any

from hypothesis import strategies as st

from gifapp.domain.recipes.fields import RecipeField, leaves, recipe_field
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Caption, ChromaKey, Crop, FrameEdit, Look, Overlay, Recipe, Segment
from tests.widgets.scripted import a_source

COLOURS = st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)
DURATION_S = a_source().duration_s or 0.0
PICTURES = st.binary(max_size=20).map(lambda more: base64.b64encode(b"GIF8" + more).decode())


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.floats(low, high, allow_nan=False)


@st.composite
def spans(draw: st.DrawFn, max_s: float) -> dict[str, Any]:
    """A start, and a later end or none."""
    start_s = draw(numbers(0, max_s * 0.9))
    end_s = draw(st.none() | st.floats(start_s, max_s, exclude_min=True))
    return {"start_s": start_s, "end_s": end_s}


SEGMENTS = st.lists(spans(DURATION_S).map(lambda span: Segment(**span)), max_size=3).map(tuple)


def values(path: str) -> st.SearchStrategy[Any]:
    """All values that a field may have."""
    field = recipe_field(path)
    drawn = _drawn(field)
    return st.none() | drawn if field.is_optional else drawn


def _drawn(field: RecipeField) -> st.SearchStrategy[Any]:
    if field.choices:
        return st.sampled_from(field.choices)
    if field.is_colour:
        return COLOURS
    if field.schema["type"] == "boolean":
        return st.booleans()
    return (st.integers if field.is_whole else numbers)(field.schema["minimum"], field.schema["maximum"])


def fields(*paths: str) -> dict[str, st.SearchStrategy[Any]]:
    return {path.rpartition(".")[2]: values(path) for path in paths}


@st.composite
def captions(draw: st.DrawFn) -> Caption:
    style = fields(*(f"captions.{name}" for name in ("position", "size_px", "colour", "outline")))
    return Caption(
        text=draw(st.text(min_size=1, max_size=20).filter(str.strip)),  # the form drops a caption of blanks
        **draw(st.fixed_dictionaries(style)),
        **draw(spans(60.0)),
    )


@st.composite
def crops(draw: st.DrawFn) -> Crop:
    """A rectangle within the source's picture."""
    source = a_source()
    x_px, y_px = draw(st.integers(0, source.width - 1)), draw(st.integers(0, source.height - 1))
    width_px = draw(st.integers(1, source.width - x_px))
    return Crop(x_px=x_px, y_px=y_px, width_px=width_px, height_px=draw(st.integers(1, source.height - y_px)))


# each needs another field, or must fit the source
_BY_HAND = {
    "segments",
    "frames",
    "crop",
    "aspect",
    "look",
    "chroma_key",
    "captions",
    "subtitles",
    "overlay",
    "exact",
    "format",
}

PLAIN = st.builds(
    Recipe,
    **fields(*(name for name in Recipe.model_fields if name not in _BY_HAND)),
    segments=SEGMENTS,
    frames=st.lists(st.builds(FrameEdit, **fields("frames.number", "frames.delay_cs")), max_size=3).map(
        tuple
    ),
    look=st.builds(Look, **fields(*leaves("look"))),
    chroma_key=st.none() | st.builds(ChromaKey, **fields(*leaves("chroma_key"))),
    captions=st.lists(captions(), max_size=2).map(tuple),
    subtitles=st.none() | st.text(max_size=40).map("00:01.000 --> 00:02.000\n{}".format),
    overlay=st.none()
    | st.builds(Overlay, image=PICTURES, **fields("overlay.position", "overlay.scale", "overlay.opacity")),
)
OTHER_FORMATS = st.sampled_from([name for name in FILE_KINDS if name != "gif"])


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Recipes for the source of `a_source`."""
    shape = draw(st.just({}) | crops().map(lambda crop: {"crop": crop}) | st.just({"aspect": "3:4"}))
    plain = draw(PLAIN)
    other = {} if plain.target_bytes or plain.preset else {"format": draw(st.just("gif") | OTHER_FORMATS)}
    exact = {} if plain.lossy else {"exact": draw(st.booleans())}
    return plain.model_copy(update=shape | exact | other)
