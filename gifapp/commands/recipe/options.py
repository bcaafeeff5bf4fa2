"""The command line's recipe options, generated from the recipe's fields."""

from __future__ import annotations

import re
from typing import Any

import click

from gifapp.commands.recipe.values import (
    CaptionValue,
    ColourValue,
    CropValue,
    FieldValue,
    FramesValue,
    OverlayFile,
    RangeValue,
    SecondsValue,
    SizeValue,
    SubtitlesFile,
)
from gifapp.domain.recipes.fields import RecipeField, leaves, recipe_field, sections
from gifapp.domain.recipes.parts import MAX_TIME_S

_UNIT = re.compile("_(s|px)$")
_PREFIXES = {"captions": "caption-", "overlay": "overlay-", "chroma_key": "chroma-"}
_KIND = re.compile("^(a|a whole) (number|size) ")  # the option's metavar shows it

# options whose syntax differs from the recipe's
_SPECIAL: dict[str, dict[str, Any]] = {
    "segments.start_s": {
        "words": "Where to begin, such as 2.5 or 1:30.",
        "type": SecondsValue("segments.start_s"),
    },
    "segments.end_s": {
        "words": "Where to end. Default: the end of the source.",
        "type": SecondsValue("segments.end_s"),
    },
    "segments": {
        "flag": "--segment",
        "words": "A range of the source, such as 2-5.5. Repeat the option to join several.",
        "type": RangeValue(),
        "multiple": True,
    },
    "frames": {
        "words": "The frames to show, from 0, in order: 0-9,12 or backwards 9-0; every second one 0-60/2; "
        "frame 3 for half a second 3:50.",
        "sets": leaves("frames"),
        "type": FramesValue(),
    },
    "crop": {"type": CropValue(), "sets": leaves("crop")},
    "chroma_key.colour": {"flag": "--chroma-key"},
    "captions": {
        "flag": "--caption",
        "words": "Text on the GIF: 'Hello', 'top:Hello' or, in seconds of the GIF, 'top_left,0-2.5:Hello'. "
        "Repeat the option for more captions. Begin TEXT with a colon to use it literally, for example "
        "':top:Hello'.",
        "sets": ("captions.text", "captions.start_s", "captions.end_s", "captions.position"),
        "type": CaptionValue(),
        "multiple": True,
    },
    "subtitles": {
        "words": "Subtitles to burn in, at the source's times: an SRT, WebVTT or ASS file, or a text track "
        "of the video.",
        "metavar": "FILE|track:N",
        "type": SubtitlesFile(),
    },
    "overlay.image": {
        "flag": "--overlay",
        "words": "A picture on the GIF, such as a logo: PNG, JPEG, WebP or GIF.",
        "metavar": "FILE",
        "type": OverlayFile(),
    },
    "target_bytes": {
        "flag": "--target-size",
        "words": "Make the best-looking GIF that fits this size, such as 500000, 256KB, 10MB or 1.5MiB.",
        "type": SizeValue("target_bytes"),
    },
}


class RecipeOption(click.Option):
    """A command-line option for a recipe field.

    Attributes:
        field: the path of the field, such as `fps` or `look.gamma`.
        sets: the paths of the fields that it sets, by default only `field`.
    """

    def __init__(
        self, path: str, *, flag: str = "", words: str = "", sets: tuple[str, ...] = (), **attrs: Any
    ) -> None:
        field = recipe_field(path)
        self.field = path
        self.sets = sets or (path,)
        kind = attrs.pop("type", None) or _type(field)
        flag = flag or _flag(field)
        if kind is click.BOOL:
            flag = f"{flag}/--no-{flag[2:]}"
        about = f"{words or field.description} {_facts(field, kind)}".rstrip()
        super().__init__([flag], type=kind, help=about, **attrs)


def _flag(field: RecipeField) -> str:
    """`--blur` for `look.blur_px`, `--caption-size` for `captions.size_px`."""
    owner, _, name = field.path.rpartition(".")
    return f"--{_PREFIXES.get(owner, '')}{_UNIT.sub('', name)}".replace("_", "-")


def _type(field: RecipeField) -> click.ParamType[Any]:
    if field.schema.get("type") == "boolean":
        return click.BOOL
    if field.choices:
        return click.Choice(field.choices)
    return ColourValue(field.path) if field.is_colour else FieldValue(field.path)


def _facts(field: RecipeField, kind: click.ParamType[Any]) -> str:
    """The allowed values and the default: `[from 1 to 50; default 12.5]`."""
    is_unbounded = field.schema.get("maximum") == MAX_TIME_S
    allowed = kind.allowed if isinstance(kind, FieldValue) and not is_unbounded else ""
    facts = [_KIND.sub("", allowed)] if allowed else []
    if isinstance(field.default, str | float) or type(field.default) is int:
        facts.append(f"default {field.default}".removesuffix(".0"))
    return f"[{'; '.join(facts)}]" if facts else ""


def _paths(name: str) -> list[str]:
    """The fields within the recipe's top-level field `name` that have options, special ones first."""
    special = [path for path in _SPECIAL if path.partition(".")[0] == name]
    settled = {leaf for path in special for leaf in (path, *_SPECIAL[path].get("sets", ()))}
    return [*special, *(leaf for leaf in leaves(name) if leaf not in settled)]


def _option(path: str) -> RecipeOption:
    return RecipeOption(path, **_SPECIAL.get(path, {}))


RECIPE_OPTIONS: dict[str, tuple[RecipeOption, ...]] = {
    heading: tuple(_option(path) for name in names for path in _paths(name))
    for heading, names in sections().items()
}


class RecipeCommand(click.Command):
    """A command with the recipe's options, grouped under headings in its help."""

    def __init__(self, *, params: list[click.Parameter], **attrs: Any) -> None:
        recipe = [option for options in RECIPE_OPTIONS.values() for option in options]
        super().__init__(params=[*params, *recipe], **attrs)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [option for option in self.get_params(ctx) if type(option) is click.Option]
        for heading, options in {"Options": own, **RECIPE_OPTIONS}.items():
            records = [record for option in options if (record := option.get_help_record(ctx))]
            with formatter.section(heading):
                formatter.write_dl(records)
