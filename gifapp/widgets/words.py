"""Describes jobs and sources in words for the dashboard. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from gifapp import errors
from gifapp.domain.frame_strip import MAX_EXPORTED_FRAMES
from gifapp.domain.job import JobState, Progress
from gifapp.domain.recipes.outcome import Outcome
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import MIN_TARGET_BYTES
from gifapp.domain.views.jobs import GifView, JobView, ProgressEvent, SourceView
from gifapp.domain.wording import PHASES, duration, frames, ordinal, size
from gifapp.widgets.timing import frame_s

WHEN = "{when}"
"""A placeholder for a time, which the page formats for its locale."""

_WAITING = errors.WaitingForDisk.code
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_ACTIONS = {
    JobState.QUEUED: ["cancel"],
    JobState.RUNNING: ["cancel"],
    JobState.SUCCEEDED: ["download", "share", "reuse", "smaller", "delete"],
    JobState.FAILED: ["reuse", "retry", "delete"],  # with the same settings, most fail the same way
    JobState.CANCELLED: ["retry", "reuse", "delete"],
    JobState.DEAD: ["retry", "reuse", "delete"],
}


def card(job: JobView) -> dict[str, Any]:
    """The facts of a job that the gallery shows."""
    return {
        "id": job.id,
        "created_at": job.created_at.isoformat(),
        "state": job.state.value,
        "attempt": job.attempts,
        "name": job.name or "A deleted video",
        "poster_url": job.source.poster_url if job.source else None,
        "status": status(job),
        "run_at": job.run_at.isoformat() if _waits_for_a_time(job) and job.run_at else None,
        "fraction": job.progress.fraction if job.state is JobState.RUNNING else None,
        "gif": gif_facts(job.gif, job.source) if job.gif else None,
        "kept": kept_until(job.expires_at, job.finished_at),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "actions": [action for action in _ACTIONS[job.state] if _is_possible(action, job)],
    }


def _is_possible(action: str, job: JobView) -> bool:
    """Whether the job has what this action of its state needs."""
    return action != "retry" or job.source is not None


def card_progress(progress: Progress | ProgressEvent) -> dict[str, Any]:
    """The fields of a running job's card that change with its progress."""
    return {"status": _running(progress), "fraction": progress.fraction}


def status(job: JobView) -> str:
    """The job's state, in one line; the page replaces `WHEN` with the card's `run_at`."""
    match job.state:
        case JobState.QUEUED:
            return _queued(job)
        case JobState.RUNNING:
            return _running(job.progress)
        case JobState.SUCCEEDED:
            return "Done"
        case JobState.CANCELLED:
            return "Cancelled"
    failed = job.error.detail if job.error else "The conversion failed."
    return f"{failed} {_advice(job)}" if job.state is JobState.DEAD else failed


def reuse_text(job: JobView) -> str:
    return f"The form now has the settings of this {FILE_KINDS[job.recipe.format].name}."


def deleted_text(job: JobView | None) -> str:
    """The message after this job was deleted."""
    kind = FILE_KINDS[job.recipe.format].name if job and job.gif else "job"
    return f"The {kind} of {job.name} was deleted." if job and job.name else f"The {kind} was deleted."


def half_of(size_bytes: int) -> int:
    """About half of a GIF's size, in two digits, as a new maximum size."""
    half = size_bytes / 2
    unit = 10 ** max(0, int(math.log10(half)) - 1) if half >= 1 else 1
    return max(MIN_TARGET_BYTES, int(half // unit * unit))


def smaller_text(gif: GifView, target_bytes: int) -> str:
    """The message when the form asks for a smaller file than this one."""
    return (
        f"The settings of this {FILE_KINDS[gif.format].name} are in the form, "
        f"with a max size of {size(target_bytes)} (it is {size(gif.bytes)})."
    )


def repeat_text(job: JobView) -> str:
    """The message for a repeated submission of this job."""
    name = FILE_KINDS[job.recipe.format].name
    match job.state:
        case JobState.SUCCEEDED:
            return f"You already have this {name}."
        case JobState.RUNNING:
            return f"This {name} is already being made."
    return f"This {name} is already in the queue."


def _advice(job: JobView) -> str:
    """Advice for a job that used up its attempts because of server errors."""
    tried = f"Tried {job.attempts} times. " if job.attempts > 1 else ""
    if job.source is None:
        return f"{tried}Its video was deleted. Upload it again."
    return f"{tried}Try again later, or contact your administrator."


def _queued(job: JobView) -> str:
    if job.error is not None:
        return job.error.detail if job.error.code == _WAITING else "Will retry soon"
    if _waits_for_a_time(job):
        return f"Scheduled {WHEN}"
    place = job.queue_position or 1
    words = "Next in line" if place == 1 else f"{ordinal(place)} in line"
    if job.is_paused:
        return f"{words}; the queue is paused"
    return (
        words if job.wait_s is None or job.wait_s < 1 else f"{words}, starts in about {_amount(job.wait_s)}"
    )


def _waits_for_a_time(job: JobView) -> bool:
    return job.state is JobState.QUEUED and job.error is None and job.run_at is not None


def _running(progress: Progress | ProgressEvent) -> str:
    words = f"{PHASES[progress.phase]}, {progress.fraction:.0%}"
    return words if progress.eta_s is None else f"{words}, {_amount(progress.eta_s)} left"


def _amount(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else f"{round(seconds / 3600)} h"


def kept_until(expires_at: datetime | None, finished_at: datetime | None) -> str:
    """The day when it expires, with the year if that differs; empty if it never expires."""
    if expires_at is None:
        return ""
    day = f"Kept until {expires_at.day} {_MONTHS[expires_at.month - 1]}"
    return day if finished_at and expires_at.year == finished_at.year else f"{day} {expires_at.year}"


def gif_facts(gif: GifView, source: SourceView | None) -> dict[str, Any]:
    """The facts of a GIF made from `source` that the gallery shows."""
    facts = [
        f"{gif.width_px} × {gif.height_px} px · {frames(gif.frames)}",  # noqa: RUF001
        f"{duration(gif.duration_s)} · {size(gif.bytes)}",
    ]
    if gif.format != "gif":
        facts[-1] += f" · {FILE_KINDS[gif.format].name}"
    return {
        "url": gif.url,
        "still_url": gif.still_url,
        "frames_url": gif.frames_url if gif.frames <= MAX_EXPORTED_FRAMES else None,
        "format": FILE_KINDS[gif.format].name,
        "file_name": gif.file_name,
        "width_px": gif.width_px,
        "height_px": gif.height_px,
        "is_video": gif.content_type.startswith("video/"),
        "facts": facts,
        "notes": notes_beyond(source, gif.notes),
    }


def notes_beyond(source: SourceView | None, notes: Iterable[str]) -> str:
    """The notes that the editor does not already show with the source, joined."""
    already_shown = source.notes if source else []
    return " ".join(note for note in notes if note not in already_shown)


def source_facts(source: SourceView) -> dict[str, Any]:
    """The facts of a source that the editor shows."""
    facts = [f"{source.width} × {source.height} px"]  # noqa: RUF001
    if source.duration_s is not None:
        facts.append(duration(source.duration_s))
    if source.fps is not None:
        facts.append(f"{source.fps:.3g} fps")
    return {
        "id": source.id,
        "name": source.name,
        "poster_url": source.poster_url,
        "frame_url": source.frame_url,
        "preview_url": source.preview_url,
        "video_url": source.video_url,
        "video_type": source.video_type,
        "video_lead_s": source.video_lead_s,
        "proxy_url": source.proxy_url,
        "layers_url": source.layers_url,
        "duration_s": source.duration_s or 0.0,
        "frame_s": frame_s(source),
        "step_s": 1 / source.fps if source.fps else frame_s(source),
        "is_still": source.fps is None,
        "width_px": source.width,
        "height_px": source.height,
        "facts": [*facts, size(source.bytes)],
        "notes": source.notes,
    }


def outcome_text(made: Outcome) -> str:
    return f"{made.width_px} × {made.height_px} px · {frames(made.frames)} · {duration(made.duration_s)}"  # noqa: RUF001
