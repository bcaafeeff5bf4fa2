"""Lists of frames for recipes."""

from gifapp.domain.recipes.recipe import FrameEdit


def edits(*frames: int | tuple[int, int]) -> tuple[FrameEdit, ...]:
    """Frames by number, or by number and delay."""
    pairs = (frame if isinstance(frame, tuple) else (frame, None) for frame in frames)
    return tuple(FrameEdit(number=number, delay_cs=delay_cs) for number, delay_cs in pairs)
