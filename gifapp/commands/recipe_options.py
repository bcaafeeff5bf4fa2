"""The options that make a recipe: one for every field of it."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args, get_origin

import click

from gifapp.commands.recipe_values import (
    CaptionValue,
    ColourValue,
    CropValue,
    FieldValue,
    OverlayFile,
    RangeValue,
    SecondsValue,
    SizeValue,
    SubtitlesFile,
)
from gifapp.domain.recipe import Caption, ChromaKey, Look, Overlay, Recipe, Segment
from gifapp.domain.recipe_parts import Part

_PARTS: dict[str, type[Part]] = {
    "": Recipe,
    "segments": Segment,
    "look": Look,
    "chroma_key": ChromaKey,
    "captions": Caption,
    "overlay": Overlay,
}


_WHAT_KIND = re.compile("^(a|a whole) (number|size) ")  # the option's metavar shows it


class RecipeOption(click.Option):
    """An option of the recipe; its type, its bounds and its default are read off the recipe's model.

    Attributes:
        field: where its value goes, as `fps` or `look.gamma`.
        sets: the fields that are settled by it, if that is not the one above.
    """

    def __init__(
        self, flag: str, field: str, words: str, *, sets: tuple[str, ...] = (), **attrs: Any
    ) -> None:
        self.field = field
        self.sets = sets or (field,)
        part, _, name = field.rpartition(".")
        kind = attrs.setdefault("type", _type(_PARTS[part], name))
        if kind is click.BOOL:
            flag = f"{flag}/--no-{flag[2:]}"
        super().__init__([flag], help=f"{words} {_facts(_PARTS[part], name, kind)}".rstrip(), **attrs)


def _type(part: type[Part], name: str) -> click.ParamType[Any]:
    annotation = part.model_fields[name].annotation
    if annotation is bool:
        return click.BOOL
    choices = _choices(annotation)
    return click.Choice(choices) if choices else FieldValue(part, name)


def _choices(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    return next((found for inner in get_args(annotation) if (found := _choices(inner))), ())


def _facts(part: type[Part], name: str, kind: click.ParamType[Any]) -> str:
    """What it may be, and what it is when it is not given: `[a number from 1 to 50; default 12.5]`."""
    default = part.model_fields[name].get_default()
    facts = [_WHAT_KIND.sub("", kind.may_be)] if isinstance(kind, FieldValue) and kind.may_be else []
    if isinstance(default, str | float) or type(default) is int:
        facts.append(f"default {default}".removesuffix(".0"))
    return f"[{'; '.join(facts)}]" if facts else ""


RECIPE_OPTIONS: dict[str, tuple[RecipeOption, ...]] = {
    "Time": (
        RecipeOption(
            "--start",
            "segments.start_s",
            "Where to begin, as 2.5 or 1:30.",
            type=SecondsValue(Segment, "start_s"),
        ),
        RecipeOption(
            "--end",
            "segments.end_s",
            "Where to end, if not with the source.",
            type=SecondsValue(Segment, "end_s"),
        ),
        RecipeOption(
            "--segment",
            "segments",
            "A part of the source, as 2-5.5. Give it again to join more parts.",
            sets=("segments.start_s", "segments.end_s"),
            type=RangeValue(),
            multiple=True,
        ),
        RecipeOption("--crossfade", "crossfade_s", "How long joined parts blend into each other."),
        RecipeOption("--speed", "speed", "How many times as fast."),
        RecipeOption("--direction", "direction", "Which way it plays."),
        RecipeOption(
            "--fps",
            "fps",
            "Frames a second; 12.5 for a video, and the times of its pictures for an animation.",
        ),
        RecipeOption(
            "--loop",
            "loop",
            "How many times it plays; 0 is for ever. By default as an animation says, and a video for ever.",
        ),
        RecipeOption("--hold", "hold_s", "How much longer the last frame stays."),
    ),
    "Frame": (
        RecipeOption("--deinterlace", "deinterlace", "Whether to join the two fields of each picture."),
        RecipeOption(
            "--crop",
            "crop",
            "Keep this part of the upright picture.",
            sets=("crop.x_px", "crop.y_px", "crop.width_px", "crop.height_px"),
            type=CropValue(),
        ),
        RecipeOption("--aspect", "aspect", "Keep the middle of the picture, in this shape."),
        RecipeOption("--rotate", "rotate", "Turn the picture clockwise."),
        RecipeOption("--flip", "flip", "Mirror the picture."),
        RecipeOption(
            "--width", "width_px", "The widest the GIF may be; 480, where no height is given either."
        ),
        RecipeOption("--height", "height_px", "The highest the GIF may be."),
        RecipeOption("--fit", "fit", "With width and height: lie within them, fill them, or be distorted."),
    ),
    "Look": (
        RecipeOption("--brightness", "look.brightness", "Lighter or darker."),
        RecipeOption("--contrast", "look.contrast", "More or less contrast."),
        RecipeOption("--gamma", "look.gamma", "Lighter (above 1) or darker midtones."),
        RecipeOption("--grayscale", "look.grayscale", "No colours."),
        RecipeOption("--invert", "look.invert", "Negative."),
        RecipeOption("--blur", "look.blur_px", "Out of focus."),
        RecipeOption("--fade-in", "look.fade_in_s", "Come from black for so long."),
        RecipeOption("--fade-out", "look.fade_out_s", "Go to black for so long."),
        RecipeOption(
            "--chroma-key",
            "chroma_key.colour",
            "Make this colour transparent.",
            type=ColourValue(ChromaKey, "colour"),
        ),
        RecipeOption("--chroma-tolerance", "chroma_key.tolerance", "How near to that colour is near enough."),
        RecipeOption(
            "--background",
            "background",
            "What transparent parts are laid on; without it they stay transparent.",
            type=ColourValue(Recipe, "background"),
        ),
    ),
    "Words and pictures": (
        RecipeOption(
            "--caption",
            "captions",
            "Words on the GIF: 'Hello', 'top:Hello' or, by the GIF's seconds, 'top_left,0-2.5:Hello'. "
            "Give it again for more; a colon in front keeps a text as it is.",
            sets=("captions.text", "captions.start_s", "captions.end_s", "captions.position"),
            type=CaptionValue(),
            multiple=True,
        ),
        RecipeOption("--caption-size", "captions.size_px", "The height of the captions' letters."),
        RecipeOption(
            "--caption-colour",
            "captions.colour",
            "The colour of the captions.",
            type=ColourValue(Caption, "colour"),
        ),
        RecipeOption(
            "--caption-outline",
            "captions.outline",
            "The colour around their letters.",
            type=ColourValue(Caption, "outline"),
        ),
        RecipeOption(
            "--subtitles",
            "subtitles",
            "Subtitles to burn in, from an SRT, WebVTT or ASS file or a track of the video, at its times.",
            metavar="FILE|track:N",
            type=SubtitlesFile(),
        ),
        RecipeOption(
            "--overlay",
            "overlay.image",
            "A picture on the GIF, as a logo: PNG, JPEG, WebP or GIF.",
            metavar="FILE",
            type=OverlayFile(),
        ),
        RecipeOption("--overlay-position", "overlay.position", "Where that picture is."),
        RecipeOption("--overlay-scale", "overlay.scale", "Its share of the GIF's width."),
        RecipeOption("--overlay-opacity", "overlay.opacity", "How solid it is."),
    ),
    "GIF": (
        RecipeOption("--content", "content", "What it shows: film, or a screen."),
        RecipeOption("--colours", "colours", "Colours of a palette."),
        RecipeOption("--dither", "dither", "How missing colours are mixed."),
        RecipeOption("--palette", "palette", "One palette for all, for each scene, or for each frame."),
        RecipeOption("--lossy", "lossy", "How much looks may suffer for a smaller file."),
    ),
    "Size and format": (
        RecipeOption(
            "--target-size",
            "target_bytes",
            "The best-looking GIF of at most so much, as 500000, 256KB, 10MB or 1.5MiB.",
            type=SizeValue(Recipe, "target_bytes"),
        ),
        RecipeOption("--preset", "preset", "Fit what this platform takes, in bytes and in pixels."),
        RecipeOption("--format", "format", "What to make."),
    ),
}


class RecipeCommand(click.Command):
    """A command with the recipe's options, which its help shows under their headings."""

    def __init__(self, *, params: list[click.Parameter], **attrs: Any) -> None:
        recipe = [option for options in RECIPE_OPTIONS.values() for option in options]
        super().__init__(params=[*params, *recipe], **attrs)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [one for one in self.get_params(ctx) if type(one) is click.Option]
        for heading, options in {"Options": own, **RECIPE_OPTIONS}.items():
            records = [record for option in options if (record := option.get_help_record(ctx))]
            with formatter.section(heading):
                formatter.write_dl(records)
