"""Probes a file in a child process, and reports what it is or why it is rejected."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from gifapp import children, errors, processes
from gifapp.conversion.probing.clock import MICROSECONDS, Clock
from gifapp.conversion.probing.container_formats import ALPHA_DECODERS
from gifapp.conversion.video import (
    MAX_PIXEL_ASPECT,
    ColourTags,
    ShapeChange,
    Turn,
    Video,
    turn_of_matrix,
    upright_size,
)
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.parts import MAX_PX
from gifapp.domain.timing import MAX_FPS

__all__ = ["Video", "probe", "probed"]

_INSPECTION = "gifapp.conversion.probing.inspection"
DEADLINE_S = 20.0
CHECKPOINT_S = 0.1
MEMORY_BYTES = 1024**3
SAME_SHAPE = 0.01  # smaller differences are invisible
EVEN = 0.02  # the share of gaps that may differ from the usual one
MAX_REST_S = 0.5  # of sound after the last picture that needs no note
ONE_PICTURE_S = 0.1  # the default duration of a single picture

_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020nc"}
_PRIMARIES = {
    1: "bt709",
    4: "bt470m",
    5: "bt470bg",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
    11: "smpte431",
    12: "smpte432",
}
_TRANSFERS = {16: "smpte2084", 18: "arib-std-b67"}
_FULL_RANGE = 2


def probe(path: Path, *, limits: Limits, checkpoint: Callable[[], None] | None = None) -> Video:
    """Inspect the file or the folder of pictures `path` in a child process with limits and a deadline.

    `checkpoint` is called at least every `CHECKPOINT_S`; if it raises, the child is stopped.

    Raises:
        errors.SourceRefused: the file cannot be converted; a subclass says why.
    """
    _check_readable(path)
    result = _inspected(path.resolve(), limits, checkpoint)
    if "refused" in result:
        raise errors.GifappError.from_code(result["refused"], result["facts"])
    return _video(result["found"])


def probed(
    video: Video | None, path: Path, *, limits: Limits, checkpoint: Callable[[], None] | None = None
) -> Video:
    """`video`, or a new probe if it is None or from an older version of the probe."""
    if video is None or video.is_outdated:
        return probe(path, limits=limits, checkpoint=checkpoint)
    return video


def _check_readable(path: Path) -> None:
    if not path.exists():
        raise errors.SourceNotFound(name=path.name)
    if not path.is_file() and not path.is_dir():
        raise errors.SourceNotVideo
    if not os.access(path, os.R_OK):
        raise errors.SourceNotReadable(name=path.name)
    if path.is_file() and path.stat().st_size == 0:
        raise errors.SourceEmpty


def _inspected(path: Path, limits: Limits, checkpoint: Callable[[], None] | None) -> dict[str, Any]:
    bounds = processes.untrusted_file_limits(memory_bytes=MEMORY_BYTES, cpu_s=int(DEADLINE_S))
    child = processes.spawn(
        children.command(_INSPECTION, str(path), str(limits.max_pixels)),
        limits=bounds,
        readable=[path],
        env=processes.environment_without_secrets(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        output = _output(child, checkpoint)
    finally:
        processes.stop(child, grace_s=0)
        child.stdout.close()  # type: ignore[union-attr]
    if child.returncode != 0:  # out of memory, out of time, or a decoder that crashed
        raise errors.SourceTooComplex
    facts: dict[str, Any] = json.loads(output)
    return facts


def _output(child: subprocess.Popen[bytes], checkpoint: Callable[[], None] | None) -> bytes:
    end = time.monotonic() + DEADLINE_S
    while time.monotonic() < end:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return child.communicate(timeout=CHECKPOINT_S)[0]
        if checkpoint:
            checkpoint()
    raise errors.SourceTooComplex


def _video(facts: dict[str, Any]) -> Video:
    turn = turn_of_matrix(facts["display_matrix"] or (1, 0, 0, 0, 1))
    aspect = _pixel_aspect(facts["pixel_aspect"])
    width_px, height_px = upright_size(facts["width_px"], facts["height_px"], aspect, turn or Turn.NONE)
    if max(width_px, height_px) > MAX_PX:
        raise errors.SourceSideTooLong(width_px=width_px, height_px=height_px, limit_px=MAX_PX)
    has_alpha_layer = facts["has_alpha_layer"] and facts["has_alpha"]
    duration_s = _duration_s(facts)
    video = Video(
        container=facts["container"],
        codec=facts["codec"],
        decoder=ALPHA_DECODERS[facts["codec"]] if has_alpha_layer else None,
        width_px=width_px,
        height_px=height_px,
        duration_s=duration_s,
        fps=facts["pictures"] / duration_s if facts["pictures"] > 1 else None,
        is_vfr=facts["uneven_gaps"] > EVEN,
        has_alpha=facts["has_alpha"],
        start_s=facts["start_s"],
        last_s=facts["span_s"],
        stored_width_px=facts["width_px"],
        stored_height_px=facts["height_px"],
        pixel_aspect=aspect,
        turn=turn or Turn.NONE,
        colours=_colour_tags(facts),
        notes=(),
        pace_fps=_pace_fps(facts, duration_s),
        longest_s=facts["longest_gap_s"],
        delays_s=tuple(delay_ms / 1000 for delay_ms in facts.get("delays_ms", ())),
        composed_px=facts.get("composed_px", 0),
        plays=facts.get("plays"),
        stream=facts.get("stream", "V:0"),
        lead_s=_lead_s(facts),
        clock=_clock(facts),
        fields=facts.get("fields", "progressive"),
        largest_px=facts.get("largest_px", 0),
        shape_changes=tuple(ShapeChange(*change) for change in facts.get("shape_changes", ())),
        entries_s=_entries_s(facts),
    )
    return replace(video, notes=(*_notes(video, facts), *_notes_on_pictures(video, facts)))


def _entries_s(facts: dict[str, Any]) -> tuple[float, ...] | None:
    entries_s = facts.get("entries_s")  # pictures are not sought
    return None if entries_s is None else tuple(entries_s)


def _clock(facts: dict[str, Any]) -> Clock:
    clock = facts.get("clock")  # pictures have none: their delays are in milliseconds
    return Clock(**clock | {"step_s": Fraction(clock["step_s"])}) if clock else MICROSECONDS


def _lead_s(facts: dict[str, Any]) -> float:
    if "opens_s" not in facts or facts["clock"]["is_counted"]:
        return 0.0
    lead_s: float = facts["start_s"] - facts["opens_s"]
    return max(0.0, lead_s)


def _pixel_aspect(claimed: float) -> float:
    return claimed if 1 / MAX_PIXEL_ASPECT <= claimed <= MAX_PIXEL_ASPECT else 1.0


def _duration_s(facts: dict[str, Any]) -> float:
    """From the first picture to the end of the last, as counted rather than as the header claims."""
    claimed_s = facts["claimed_s"] or 0.0
    usual_s = facts["usual_gap_s"]
    if usual_s is None:
        return next((s for s in (facts["last_s"], claimed_s) if 0.01 <= s <= 60), ONE_PICTURE_S)
    # Matroska and FLV often give the last picture a duration of one tick
    last_s = facts["last_s"] if facts["last_s"] >= usual_s / 2 else usual_s
    counted_s: float = facts["span_s"] + last_s
    if not facts["all_counted"]:
        return max(counted_s, claimed_s)
    is_cut_short = 0 < counted_s - claimed_s < last_s  # an edit list ends within the last picture's time
    return claimed_s if is_cut_short else counted_s


def _pace_fps(facts: dict[str, Any], duration_s: float) -> float | None:
    """The slowest constant rate at which every picture keeps its own time, if a GIF can play it."""
    usual_s: float | None = facts["usual_gap_s"]
    step_s: float = facts["step_s"]
    pictures: int = facts["pictures"]
    if usual_s is None:
        return None
    if step_s and 1 / step_s <= MAX_FPS:
        return 1 / step_s
    is_even = facts["uneven_gaps"] <= EVEN and abs(usual_s * pictures - duration_s) < usual_s / 4
    return pictures / duration_s if is_even else None


def _colour_tags(facts: dict[str, Any]) -> ColourTags:
    """The colour tags; like players, guess missing ones from the picture's size."""
    is_hd = facts["width_px"] >= 1280 or facts["height_px"] >= 720
    transfer = _TRANSFERS.get(facts["transfer"], "bt709")
    guess = "bt2020nc" if transfer in _TRANSFERS.values() else "bt709" if is_hd else "bt601"
    return ColourTags(
        matrix=None if facts["is_rgb"] else _MATRICES.get(facts["matrix"], guess),
        primaries=_PRIMARIES.get(facts["primaries"], "bt2020" if guess == "bt2020nc" else "bt709"),
        transfer=transfer,
        full_range=facts["range"] == _FULL_RANGE or facts["is_full_range_format"],
    )


def _notes(video: Video, facts: dict[str, Any]) -> Iterator[str]:
    yield from _notes_on_look(video, facts)
    if video.is_vfr and not video.delays_s:
        yield "The frame rate varies; each picture is shown at the nearest frame."
    if video.fps is None:
        yield "The file contains a single picture."
    yield from _notes_on_length(video, facts)
    if facts["videos"] > 1:
        used = "the first that can be read" if facts["unreadable_videos"] else "the one that plays by default"
        yield f"The file has {facts['videos']} video tracks; {used} is used."


def _notes_on_length(video: Video, facts: dict[str, Any]) -> Iterator[str]:
    claimed_s, pictures_s = facts["claimed_s"] or 0.0, video.duration_s
    rest_s = facts.get("lasts_s", 0.0) - video.lead_s - pictures_s
    lacks_some = facts.get("lacks_pictures") and claimed_s > pictures_s + (facts["usual_gap_s"] or 0) / 2
    if lacks_some or facts.get("ends_in_picture") or facts.get("ends_early"):
        yield f"The file is truncated; the {pictures_s:.1f} s that can be read are used."
    elif claimed_s and abs(claimed_s - pictures_s) > max(1.0, pictures_s / 10):
        yield f"The file claims to last {claimed_s:.1f} s, but contains {pictures_s:.1f} s of video."
    elif rest_s > MAX_REST_S:
        yield f"The file continues for {rest_s:.1f} s after its last picture; the GIF ends there."


def _notes_on_look(video: Video, facts: dict[str, Any]) -> Iterator[str]:
    if video.turn.note:
        yield video.turn.note
    if turn_of_matrix(facts["display_matrix"] or (1, 0, 0, 0, 1)) is None:
        yield "The file asks for a rotation that is not supported; it is shown as stored."
    if video.fields != "progressive":
        yield "Interlaced; the GIF is deinterlaced unless the recipe says otherwise."
    if video.pixel_aspect != 1:
        yield f"Non-square pixels; shown at {video.width_px} x {video.height_px}."
    if any(abs(change.relative - 1) > SAME_SHAPE for change in video.shape_changes):
        size = f"{video.width_px} x {video.height_px}"
        yield f"The picture size changes during the video; every picture is fitted to the first one, {size}."
    if video.is_hdr:
        yield "HDR converted to standard range."
    if video.has_alpha:
        yield "Contains transparency."


def _notes_on_pictures(video: Video, facts: dict[str, Any]) -> Iterator[str]:
    if video.is_sequence:
        yield f"{facts['pictures']:,} pictures; choose how many play per second by Frame rate or --fps."
    if facts.get("is_cut_short"):
        yield "The file is truncated; the pictures that can be read are shown."
    if facts.get("holds_clip"):
        yield "This photo also contains a short video; only the photo is used."
    if unclear := facts.get("unclear_neighbours"):
        yield "The order of the file names is ambiguous: {!r} comes before {!r}.".format(*unclear)
    if facts.get("differ_in_size"):
        size = f"{video.width_px} x {video.height_px}"
        yield f"The pictures differ in size; each is fitted to the first one, {size}."
