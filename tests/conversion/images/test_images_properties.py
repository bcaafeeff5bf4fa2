"""Random valid GIFs, APNGs and WebPs: every pixel, delay and play count equals a simple compositor's."""

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gifapp.conversion.images.compositor import composed, may_have_holes
from gifapp.conversion.images.tiles import DAMAGE
from tests.conversion.images.seen import frames, read
from tests.support.random_pictures import ANIMATIONS

MAX_PIXELS = 1_000_000


def premultiplied(rgba: np.ndarray) -> np.ndarray:
    straight = rgba.astype(float)
    return np.dstack([straight[..., :3] * straight[..., 3:] / 255, straight[..., 3]])


@pytest.mark.parametrize("kind", list(ANIMATIONS))
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_every_picture_equals_the_simple_compositors(kind: str, data: st.DataObject) -> None:
    drawn = data.draw(ANIMATIONS[kind])
    animation, shown = read(drawn.data), frames(drawn.data)
    assert [tile.delay_ms for tile in animation.tiles] == drawn.delays_ms()
    assert animation.plays == drawn.plays
    for picture, right in zip(shown, drawn.frames(), strict=True):
        assert np.abs(premultiplied(picture) - premultiplied(right)).max() <= (0 if kind == "gif" else 2)


@pytest.mark.parametrize("kind", list(ANIMATIONS))
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_selected_pictures_equal_those_of_the_whole_animation(kind: str, data: st.DataObject) -> None:
    drawn = data.draw(ANIMATIONS[kind])
    shown = frames(drawn.data)
    wanted = data.draw(st.sets(st.integers(0, len(shown) - 1)))
    alone = [np.asarray(image.convert("RGBA")) for image in composed(read(drawn.data), wanted.__contains__)]
    assert [picture.tolist() for picture in alone] == [shown[number].tolist() for number in sorted(wanted)]


@pytest.mark.parametrize("kind", list(ANIMATIONS))
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_damaged_file_shows_pictures_or_is_reported_as_damaged(kind: str, data: st.DataObject) -> None:
    whole = bytearray(data.draw(ANIMATIONS[kind]).data)
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=5)):
        whole[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(*DAMAGE):
        animation = read(bytes(whole[: data.draw(st.integers(1, len(whole)))]))
        if max(map(math.prod, animation.sizes())) < MAX_PIXELS:
            assert all(image.size == animation.sizes()[0] for image in composed(animation))


@pytest.mark.parametrize("kind", list(ANIMATIONS))
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_transparency_begins_only_where_it_is_predicted(kind: str, data: st.DataObject) -> None:
    drawn = data.draw(ANIMATIONS[kind])
    opaque = [bool((picture[..., 3] == 255).all()) for picture in frames(drawn.data)]
    animation = read(drawn.data)
    for number, (last, this) in enumerate(zip([False, *opaque], opaque, strict=False)):
        assert this or not last or may_have_holes(animation, number)
