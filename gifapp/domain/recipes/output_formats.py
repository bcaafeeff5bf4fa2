"""Output formats: names, suffixes and content types. Pure."""

from __future__ import annotations

from base64 import b64encode
from pathlib import PurePath
from typing import NamedTuple

from gifapp import errors
from gifapp.domain.recipes.recipe import Format, Recipe


class FileKind(NamedTuple):
    """What people and browsers call a file of some format; the first suffix is the usual one."""

    name: str
    content_type: str
    suffixes: tuple[str, ...]

    @property
    def suffix(self) -> str:
        return self.suffixes[0]

    def html(self, content: bytes, width_px: int) -> str:
        """The tag that shows such a file in a page, with the file inside it; a video plays as a GIF would."""
        source = f"data:{self.content_type};base64,{b64encode(content).decode('ascii')}"
        look = f'width="{width_px}" style="max-width:100%"'
        if self.content_type.startswith("video/"):
            return f'<video autoplay loop muted playsinline controls {look} src="{source}"></video>'
        return f'<img alt="the {self.name}" {look} src="{source}">'


FILE_KINDS: dict[Format, FileKind] = {
    "gif": FileKind("GIF", "image/gif", (".gif",)),
    "webp": FileKind("WebP", "image/webp", (".webp",)),
    # an APNG is a PNG to whoever does not know better, and shows its first frame there
    "apng": FileKind("APNG", "image/apng", (".png", ".apng")),
    "mp4": FileKind("MP4", "video/mp4", (".mp4", ".m4v")),
}


def format_of(path: PurePath) -> Format | None:
    """The format that a file's name asks for; None where the name says nothing."""
    suffix = path.suffix.lower()
    return next((name for name, kind in FILE_KINDS.items() if suffix in kind.suffixes), None)


def for_output(recipe: Recipe, output: PurePath) -> Recipe:
    """The recipe, in the format that the output's name asks for where the recipe asks for none.

    Raises:
        errors.FormatContradicted: both ask, for different ones.
        errors.RecipeInvalid: the recipe is not for that format.
    """
    wanted = format_of(output)
    if wanted is None or wanted == recipe.format:
        return recipe
    if "format" in recipe.model_fields_set:
        raise errors.FormatContradicted(suffix=output.suffix, format=recipe.format)
    return Recipe.parse(recipe.model_dump(mode="json", exclude_unset=True) | {"format": wanted})
