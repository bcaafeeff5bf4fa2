"""The JSON shapes that the API, the events and the client share."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from gifapp.domain.accounts import Role
from gifapp.domain.job import JobState, Phase, Progress
from gifapp.domain.recipes.presets import Preset
from gifapp.domain.recipes.recipe import Format, Recipe

Registration = Literal["open", "invite", "closed"]


class View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class UserView(View):
    id: str
    email: str
    role: Role


class MeView(UserView):
    """Who asks, and what their videos and GIFs take of how much; None is no bound."""

    stored_bytes: int = 0
    quota_bytes: int | None = None


class SessionView(View):
    """Somebody signed in: a token that is good for `expires_in` seconds."""

    access_token: str
    expires_in: int
    user: UserView


class LimitsView(View):
    """The limits and formats that uploads must meet."""

    max_upload_bytes: int
    max_duration_s: float
    max_pixels: int
    max_composed_pixels: int
    max_decoded_pixels: int
    max_gif_bytes: int
    deadline_s: float
    password_min_characters: int
    password_max_bytes: int
    registration: Registration


class SourceView(View):
    """An uploaded video as its owner sees it.

    `keeps_times`: it is an animation or a sequence, whose pictures have their own times. `notes` are
    plain sentences about what is odd; `frame_url` wants `at_s`, and is its picture there.
    `expires_at` is when it goes by itself; None: never, or not while a job needs it.
    """

    id: str
    name: str
    bytes: int
    sha256: str
    width: int
    height: int
    duration_s: float | None = None
    fps: float | None = None
    pace_fps: float | None = None
    is_sequence: bool = False
    keeps_times: bool = False
    notes: list[str]
    poster_url: str | None = None
    frame_url: str | None = None
    created_at: datetime
    expires_at: datetime | None = None


class SourcePage(View):
    """Some sources, newest first, and where the next ones begin; None: these were the last."""

    sources: list[SourceView]
    next_cursor: str | None


class GifView(View):
    """The finished GIF, or what the recipe's format is instead.

    `notes` are plain sentences: what was odd in the source, and what was given up to fit a size.
    """

    url: str
    format: Format = "gif"
    content_type: str = "image/gif"
    bytes: int
    width_px: int
    height_px: int
    frames: int
    duration_s: float
    notes: list[str] = []


class ErrorView(View):
    """Why a job failed: a code for programs, a sentence for people."""

    code: str
    detail: str


class PastErrorView(ErrorView):
    """What went wrong in one attempt, and when."""

    attempt: int | None = None
    at: datetime | None = None


class EstimateView(View):
    """A GIF that was not made: about so many bytes, and at most so many frames.

    `notes` are plain sentences: what will be given up to fit a size.
    """

    bytes: int
    frames: int
    width_px: int
    height_px: int
    notes: list[str] = []


class JobView(View):
    """One conversion.

    `queue_position` is 1 for the next to run, and `wait_s` about how long that takes; both only while it is
    queued and due. `is_paused`: the queue starts nothing just now. `is_repeat` is the answer to a submit
    that asked for what this job makes or has made.
    `errors` are those of all attempts, oldest first.
    `expires_at` is when it goes by itself, with its GIF; None: never.
    """

    id: str
    state: JobState
    progress: Progress
    queue_position: int | None = None
    wait_s: float | None = None
    is_paused: bool = False
    is_repeat: bool = False
    attempts: int
    error: ErrorView | None = None
    errors: list[PastErrorView] = []
    recipe: Recipe
    source: SourceView | None = None
    gif: GifView | None = None
    created_at: datetime
    run_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None


class JobPage(View):
    """Some jobs, newest first, and where the next ones begin; None: these were the last."""

    jobs: list[JobView]
    next_cursor: str | None


class PresetsView(View):
    """The platforms that a recipe may name."""

    presets: list[Preset]


class ShareView(View):
    """A public link to a GIF; revoked or expired, it leads nowhere."""

    id: str
    url: str = ""
    created_at: datetime
    expires_at: datetime
    views: int = 0
    revoked_at: datetime | None = None


class SharesView(View):
    shares: list[ShareView]


class ProgressEvent(View):
    """How far an attempt has come: its phase, 0 to 1 over all phases, seconds left if known.

    `attempt` is the job's `attempts` while that attempt runs: of an earlier one, or of a job that does not
    run any more, the event comes too late.
    """

    job_id: str
    attempt: int
    phase: Phase
    fraction: float
    eta_s: float | None = None


EventType = Literal[
    "ready", "reset", "job.changed", "job.progress", "job.deleted", "source.created", "source.deleted"
]


class Event(View):
    """One message of the event stream.

    `ready` opens it: all that comes after `cursor` will be sent. `reset` says that the asked-for
    cursor is no longer known: read the jobs again. `job.changed` carries the job, `job.progress` only how
    far it has come. `job.deleted` and `source.deleted` carry `id`.
    """

    cursor: str
    type: EventType
    job: JobView | None = None
    progress: ProgressEvent | None = None
    source: SourceView | None = None
    id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The message as sent, without its empty parts."""
        return self.model_dump(mode="json", exclude_none=True)


Answers = Literal["ok", "unreachable"]


class AliveView(View):
    status: Literal["ok"] = "ok"


class ReadyView(View):
    """Whether everything we stand on answers, by name; how long that took; what is wrong, in words."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Answers]
    latency_ms: dict[str, float]
    problems: dict[str, str]
