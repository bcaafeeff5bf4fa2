"""Text set on a picture, as blocks."""

from gifapp.conversion.text import typesetting
from gifapp.conversion.text.typesetting import Block, set_text


def block(text: str, width_px: int = 480, height_px: int = 270, size_px: float = 28) -> Block:
    return set_text(text, size_px=size_px, width_px=width_px, height_px=height_px)


def glyphs(text: str) -> list[typesetting.Glyph]:
    return [glyph for line in block(text, 4000).lines for glyph in line.glyphs]
