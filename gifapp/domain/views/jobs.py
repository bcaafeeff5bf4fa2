"""JSON shapes of jobs, sources, GIFs and events."""

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
    """The signed-in account, its stored bytes and its quota; None means no limit."""

    stored_bytes: int = 0
    quota_bytes: int | None = None


class SessionView(View):
    """A session: an access token that expires in `expires_in` seconds."""

    access_token: str
    expires_in: int
    user: UserView


class LimitsView(View):
    """The limits on uploads, conversions and passwords, who may register, and whether links are fetched."""

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
    fetches_links: bool = False


class SourceView(View):
    """An uploaded video as its owner sees it.

    `keeps_times`: it is an animation or a sequence, whose pictures keep their own delays. `notes` are
    sentences about what is unusual. `frame_url` returns the frame at the time in its parameter `at_s`,
    `filmstrip_url` pictures of the whole video side by side in one JPEG (null for a single picture);
    `POST` a recipe to `preview_url` for a short loop, or to `strip_url` for all its frames. `video_url`
    returns the original as `video_type`, if browsers may be able to play it; a recipe's time 0 is
    `video_lead_s` after the file's. `proxy_url` returns
    a small WebM of the whole source, which takes up to a minute or two the first time (null for a single
    picture or a long video); `POST` a recipe to `layers_url` for its captions, subtitles and overlay.
    `expires_at` is when it is deleted automatically; None: never, or not while a job needs it.
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
    filmstrip_url: str | None = None
    preview_url: str | None = None
    strip_url: str | None = None
    video_url: str | None = None
    video_type: str | None = None
    video_lead_s: float = 0.0
    proxy_url: str | None = None
    layers_url: str | None = None
    created_at: datetime
    expires_at: datetime | None = None


class LinkProgress(View):
    """How much of a linked file was fetched; `total_bytes` is null if its server does not say."""

    received_bytes: int
    total_bytes: int | None


class SourcePage(View):
    """A page of sources, newest first, and the cursor of the next page; None on the last page."""

    sources: list[SourceView]
    next_cursor: str | None


class GifView(View):
    """The finished GIF, or the file in the recipe's other format.

    `file_name` is the name under which it is downloaded.
    `still_url` is its first frame, a WebP of at most 480 px in width; GIFs of earlier versions have none.
    `frames_url` exports its frames: add `as=zip`, `as=sheet` or `as=frame&number=0`.
    `notes` are sentences about what was unusual in the source and what was given up to fit a size.
    """

    url: str
    file_name: str = ""
    still_url: str | None = None
    frames_url: str | None = None
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
    """The error of one attempt, and when it occurred."""

    attempt: int | None = None
    at: datetime | None = None


class EstimateView(View):
    """An estimate of a GIF: its approximate bytes and its maximum number of frames.

    `notes` are sentences about what will be given up to fit a size, and what would make the GIF smaller.
    """

    bytes: int
    frames: int
    width_px: int
    height_px: int
    notes: list[str] = []


class JobView(View):
    """One conversion.

    `name` is the one its owner chose for the GIF, or else the video's, even after the video is gone.
    `queue_position` is 1 for the next job to run, and `wait_s` the approximate wait; both are set only while
    it is queued and due. `is_paused`: the queue is paused. `is_repeat`: a repeat submission returned
    this existing job.
    `errors` are those of all attempts, oldest first.
    `expires_at` is when it is deleted automatically, with its GIF; None: never.
    """

    id: str
    name: str = ""
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
    """A page of jobs, the cursor of the next page, and the number of jobs on all pages.

    `next_cursor` is None on the last page.
    """

    jobs: list[JobView]
    next_cursor: str | None
    total: int


BatchAction = Literal["delete", "restore", "cancel"]


class BatchView(View):
    """The ids of the jobs for which the action was possible."""

    job_ids: list[str]


class ArchiveView(View):
    """A zip of finished GIFs: where to download it, its number of files and their bytes."""

    url: str = ""
    files: int
    bytes: int


class PresetsView(View):
    """The platforms that a recipe's `preset` may name."""

    presets: list[Preset]


class SavedRecipeView(View):
    """A recipe that was saved under a name, by the caller or, if `is_shared`, by an administrator.

    `recipe` is null if another version of gifapp stored something that this one cannot read; `problem` then
    says what.
    """

    id: str
    name: str
    recipe: Recipe | None
    problem: str | None = None
    is_mine: bool
    is_shared: bool = False
    saved_at: datetime


class SavedRecipesView(View):
    """The caller's saved recipes and the shared ones, by name."""

    recipes: list[SavedRecipeView]


class ShareView(View):
    """A public link to a GIF; it stops working once revoked or expired."""

    id: str
    url: str = ""
    created_at: datetime
    expires_at: datetime
    views: int = 0
    revoked_at: datetime | None = None


class SharesView(View):
    shares: list[ShareView]


class ProgressEvent(View):
    """The progress of an attempt: its phase, the fraction (0 to 1) of all phases, the seconds left if known.

    `attempt` equals the job's `attempts` while that attempt runs. Ignore events of an earlier attempt, or of
    a job that is no longer running.
    """

    job_id: str
    attempt: int
    phase: Phase
    fraction: float
    eta_s: float | None = None


EventType = Literal[
    "ready",
    "reset",
    "job.changed",
    "job.progress",
    "job.deleted",
    "source.created",
    "source.changed",
    "source.deleted",
]


class Event(View):
    """One message of the event stream.

    `ready` comes first: all events after `cursor` follow. `reset` means that the requested cursor is no
    longer known: read the jobs again. `job.changed` carries the job, `job.progress` only its progress.
    `job.deleted` and `source.deleted` carry `id`.
    """

    cursor: str
    type: EventType
    job: JobView | None = None
    progress: ProgressEvent | None = None
    source: SourceView | None = None
    id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The message as sent, without null fields."""
        return self.model_dump(mode="json", exclude_none=True)


Answers = Literal["ok", "unreachable"]


class AliveView(View):
    status: Literal["ok"] = "ok"


class ReadyView(View):
    """Whether each dependency responds, by name; its latency; what is wrong, in words."""

    status: Literal["ok", "unavailable"]
    checks: dict[str, Answers]
    latency_ms: dict[str, float]
    problems: dict[str, str]
