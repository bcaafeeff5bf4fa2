"""Builds ffmpeg's filter chain for a plan: from stored pictures to upright RGB frames. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from gifapp.conversion.decode import letterbox, look, stabilising
from gifapp.conversion.plan import Cut, Plan
from gifapp.conversion.probing.clock import LEAP_S
from gifapp.conversion.video import ColourTags, Video
from gifapp.domain.recipes.recipe import Recipe

# bicubic looks as sharp as lanczos, has no halos and makes the GIF 1.5 % smaller; without
# full_chroma_int every channel comes out 1.4 of 255 too dark
SCALER = "flags=bicubic+accurate_rnd+full_chroma_int"
MAX_HELD_BYTES = 64_000_000
PARTS_OF_A_STEP = 1000  # the precision of a cut between two pictures
INT_MAX = 2**31 - 1  # the limit of ffmpeg's time bases


def filter_chain(video: Video, plan: Plan, cut: Cut) -> str:
    """The value of ffmpeg's -vf."""
    sides = plan.unrotated_sides
    framed = [*_cropped(video, plan), *_coloured(video, plan, sides)]
    if plan.motion:
        framed = [
            *_coloured(video, plan, stabilising.whole_sides(video, plan)),
            *stabilising.steadied(video, plan, plan.motion),
        ]
    return _chain(video, plan, cut, [*framed, *_looking(video, plan), *_turned(plan.recipe)])


def measuring_chain(video: Video, plan: Plan, cut: Cut) -> str:
    """The filters that write to stdout how the camera moved between the frames of `filter_chain`."""
    whole = _coloured(video, plan, stabilising.whole_sides(video, plan))
    return _chain(video, plan, cut, [*whole, stabilising.MEASURE])


def _chain(video: Video, plan: Plan, cut: Cut, changes: list[str]) -> str:
    pictures = [*_upright(video), *changes]
    if cut.pictures:  # each is sent once and repeated after decoding
        return ",".join(pictures)
    # fps usually comes first, so that no filter runs on dropped pictures. But it turns a long picture into
    # many frames, and the filters would copy each: if these would be too large, fps comes last
    paced = _paced(plan, cut)
    steps = [*pictures, *paced] if _held_bytes(video, plan) > MAX_HELD_BYTES else [*paced, *pictures]
    # a cut may extend a little past the last picture, which is then repeated
    return ",".join(
        [
            *_deinterlaced(video, plan.recipe),
            *_times(video, cut),
            *letterbox.of_one_shape(video, _start_s(video, cut)),
            *steps,
            "tpad=stop_mode=clone:stop=-1",
        ]
    )


def _deinterlaced(video: Video, recipe: Recipe) -> Iterator[str]:
    """Runs before any picture is dropped: each field is interpolated from its neighbours."""
    is_wanted = recipe.deinterlace == "always" or video.fields != "progressive"
    if recipe.deinterlace == "never" or not is_wanted:
        return
    order = video.fields if video.fields in ("tff", "bff") else "auto"
    yield from letterbox.stretched(video) if video.shape_changes else letterbox.of_one_size(video)
    yield f"bwdif=mode=send_frame:parity={order}"


def _held_bytes(video: Video, plan: Plan) -> float:
    """The bytes of all frames made from the longest-lasting picture."""
    longest_s = plan.duration_s if video.longest_s is None else video.longest_s / plan.recipe.speed
    return min(longest_s, plan.duration_s) * plan.fps * math.prod(plan.shape)


def _times(video: Video, cut: Cut) -> Iterator[str]:
    """Map the file's timestamps to the cut's, whole steps of the source's clock apart.

    Times are whole parts of a step, so that a picture exactly between two frames always goes to the same one.
    """
    clock = video.clock
    parts = max(1, min(PARTS_OF_A_STEP, INT_MAX // clock.step_s.denominator))
    part_s = clock.step_s / parts
    start = round(_start_s(video, cut) / part_s)
    yield f"settb={part_s}"
    if clock.is_counted:
        yield f"setpts=N*{clock.usual_steps * parts}-({start})"
        return
    time = f"PTS-({round(Fraction(video.start_s) / part_s)})"
    if clock.jumps:
        leap = round(LEAP_S / part_s)
        yield f"setpts='{_following(time, clock.usual_steps * parts, parts, leap)}-({start})'"
    else:
        yield f"setpts=round(({time})/{parts})*{parts}-({start})"


def _start_s(video: Video, cut: Cut) -> Fraction:
    # the fps filter drops a last picture that starts before the cut, so such a cut starts just before it
    return Fraction(min(cut.start_s, video.last_s - 0.001))


def _following(time: str, usual: int, parts: int, leap: int) -> str:
    """Timestamps with jumps removed: the picture after a jump follows at the usual interval.

    Variable 0 is the offset so far and 1 the previous time; 3 and 2 are the same, before the last jump.
    A decoder may output the last pictures of a recording only after the first of the next: such late
    pictures replace it and change no offset.
    """
    half, late = parts // 2, f"{time}+ld(3)-ld(2)"
    is_late = f"N*gt({time}+ld(0)-ld(1),{usual + half})*between({late},{half},{usual + half})"
    jumps = f"N*not(between({time}+ld(0)-ld(1),{half},{leap}))"
    jump = f"st(2,ld(1));st(3,ld(0));st(0,ld(1)+{usual}-({time}))"
    onwards = f"if({jumps},{jump});st(1,round(({time}+ld(0))/{parts})*{parts});ld(1)"
    return f"if({is_late},st(2,{time}+ld(3));st(1,ld(1)+1),{onwards})"


def _paced(plan: Plan, cut: Cut) -> list[str]:
    """Resample to the plan's frame rate, and limit the frames to the cut's, however long a picture lasts."""
    # the speed divides the rate instead of the timestamps, which would no longer be whole
    per_s = Fraction(plan.fps).limit_denominator(max(1001, math.ceil(1 / plan.fps)))  # never rounded to 0
    rate = per_s / Fraction(plan.recipe.speed).limit_denominator(1001)
    # a key frame that stands for many frames lasts as long as one, and fps would drop so short a last picture
    held = [f"tpad=stop_mode=clone:stop_duration={1 / plan.fps:.6f}"] if plan.key_frames_only else []
    return [*held, f"fps=fps={rate}:start_time=0:eof_action=pass", f"trim=end_frame={cut.frames}"]


def _upright(video: Video) -> Iterator[str]:
    yield from letterbox.of_one_size(video)
    if video.turn.value:
        yield video.turn.value


def _cropped(video: Video, plan: Plan) -> Iterator[str]:
    crop = plan.crop
    if (crop.width_px, crop.height_px) == (video.width_px, video.height_px):
        return
    width, height = video.stored_width_px, video.stored_height_px
    if video.turn.swaps_sides:
        width, height = height, width
    across, down = width / video.width_px, height / video.height_px  # undoes the pixel aspect
    sides = (max(1, round(crop.width_px * across)), max(1, round(crop.height_px * down)))
    x, y = min(round(crop.x_px * across), width - sides[0]), min(round(crop.y_px * down), height - sides[1])
    yield f"crop={sides[0]}:{sides[1]}:{x}:{y}:exact=1"


def _coloured(video: Video, plan: Plan, sides: tuple[int, int]) -> Iterator[str]:
    """Scale to these sides before rotating, so that fewer pixels are moved."""
    size = ":".join(map(str, sides))
    if video.has_alpha:
        yield from _with_alpha(video.colours, size)
    elif plan.tone_table:
        yield from _tone_mapped(video.colours, size, plan.tone_table)
    else:
        yield f"scale={size}:{SCALER}{_meaning(video.colours)}"
        if video.colours.matrix is not None:
            yield "format=gbrp"  # planar first, then packed: the same bytes for a third less work
        yield from _narrowed(video.colours, "gbrp")
        yield "format=rgb24"


def _with_alpha(colours: ColourTags, size: str) -> Iterator[str]:
    """Scale with premultiplied alpha, or the hidden colour of transparent pixels bleeds into the edges."""
    yield f"scale={SCALER}{_meaning(colours)}"
    yield "format=gbrap16le"  # in 8 bits ffmpeg turns an opaque 255 into 254
    yield "premultiply=inplace=1"
    yield f"scale={size}:{SCALER}"
    yield "unpremultiply=inplace=1"
    yield from _narrowed(colours, "gbrap16le")
    yield "format=rgba"


def _narrowed(colours: ColourTags, pixels: str) -> Iterator[str]:
    """Convert BT.2020 or P3 primaries to BT.709; the same transfer curve both ways keeps greys unchanged."""
    if colours.primaries in _WIDE:
        yield f"format={pixels}"
        yield f"zscale=min=gbr:m=gbr:rin=full:r=full:tin=709:t=709:pin={_WIDE[colours.primaries]}:p=709"


def _tone_mapped(colours: ColourTags, size: str, table: Path) -> Iterator[str]:
    """Tone-map PQ and HLG to SDR after scaling, so that fewer pixels are looked up."""
    yield f"scale={size}:{SCALER}{_meaning(colours)}"
    yield "format=gbrp12le"
    yield f"lut3d={look.quoted(table)}"
    yield "format=rgb24"


def _looking(video: Video, plan: Plan) -> Iterator[str]:
    has_alpha = video.has_alpha
    yield from look.denoised(plan.recipe.look.denoise, has_alpha=has_alpha)
    if plan.key_tables:
        yield from look.keyed(plan.key_tables, has_alpha=has_alpha)
        has_alpha = True
    pixels = plan.width_px * plan.height_px
    yield from look.changed(plan.recipe.look, pixels=pixels, has_alpha=has_alpha)
    if has_alpha and plan.recipe.background:
        yield from look.flattened(plan.recipe.background)


_ROTATIONS = {0: (), 90: ("transpose=clock",), 180: ("hflip", "vflip"), 270: ("transpose=cclock",)}
_FLIPS = {"none": (), "horizontal": ("hflip",), "vertical": ("vflip",), "both": ("hflip", "vflip")}


def _turned(recipe: Recipe) -> Iterator[str]:
    yield from _ROTATIONS[recipe.rotate]
    yield from _FLIPS[recipe.flip]


# zscale's names of wide primaries
_WIDE = {"bt2020": "2020", "smpte431": "smpte431", "smpte432": "smpte432"}


def _meaning(colours: ColourTags) -> str:
    if colours.matrix is None:
        return ""
    matrix = "bt2020" if colours.matrix == "bt2020nc" else colours.matrix
    return f":in_color_matrix={matrix}:in_range={'full' if colours.full_range else 'limited'}"
