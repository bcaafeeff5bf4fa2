from contextlib import closing

import numpy as np
import pytest

from gifapp.conversion.frame import Frame
from gifapp.conversion.frame_store import FrameStore
from gifapp.conversion.sizing.clip_cache import CachedClip
from tests.conversion.sizing.test_fit import COUNT, Pictures, letters, noise

OPAQUE = np.full((*letters().shape[:3], 1), 255, np.uint8)


@pytest.mark.parametrize(
    ("pictures", "is_screen"),
    [
        (letters(), True),
        (noise(), False),
        (np.concatenate([letters()[: COUNT // 2], noise()]), False),
        (np.concatenate([letters(), OPAQUE], axis=-1), False),
    ],
)
def test_screen_recording_is_mostly_flat_and_opaque(pictures: Pictures, *, is_screen: bool) -> None:
    with closing(FrameStore(pictures.shape[1:])) as store:
        clip = CachedClip(store, pictures.shape[2], pictures.shape[1])
        for _ in clip.keep(Frame(pixels, 8) for pixels in pictures):
            pass
        assert clip.is_screen == is_screen
