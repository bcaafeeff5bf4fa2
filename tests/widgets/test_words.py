from datetime import UTC, datetime

import pytest

from gifapp import errors
from gifapp.domain.job import JobState, Progress
from gifapp.domain.recipes.outcome import Outcome
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Format, Recipe
from gifapp.domain.views.jobs import ErrorView, JobView
from gifapp.domain.wording import duration
from gifapp.widgets.words import (
    card,
    half_of,
    outcome_text,
    repeat_text,
    smaller_text,
    source_facts,
    status,
)
from tests.widgets.scripted import GIF, NOON, a_job, a_source

LOST = ErrorView(code="worker-lost", detail=str(errors.WorkerLost()))
FAILED = ErrorView(code="source-damaged", detail="This video is damaged.")
WAITING = ErrorView(code=errors.WaitingForDisk.code, detail=str(errors.WaitingForDisk()))


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (a_job(queue_position=1), "Next in line"),
        (a_job(queue_position=4), "4th in line"),
        (a_job(queue_position=4, wait_s=119), "4th in line, starts in about 2 min"),
        (a_job(queue_position=2, is_paused=True), "2nd in line; the queue is paused"),
        (a_job(queue_position=1, wait_s=0), "Next in line"),
        (a_job(queue_position=1, wait_s=41), "Next in line, starts in about 41 s"),
        (a_job(queue_position=900, wait_s=3 * 3600), "900th in line, starts in about 3 h"),
        (a_job(run_at=NOON), "Scheduled {when}"),
        (a_job(error=FAILED), "Will retry soon"),
        (
            a_job(error=WAITING, run_at=NOON),
            "The server's disk is full. The job continues when there is space.",
        ),
        (a_job(error=FAILED, run_at=NOON), "Will retry soon"),
        (a_job(state=JobState.RUNNING), "Preparing, 0%"),
        (
            a_job(state=JobState.RUNNING, progress=Progress(phase="writing", fraction=0.5, eta_s=3.6)),
            "Drawing frames, 50%, 4 s left",
        ),
        (
            a_job(state=JobState.RUNNING, progress=Progress(phase="reading", fraction=0.1, eta_s=125)),
            "Reading the video, 10%, 2 min left",
        ),
        (a_job(state=JobState.SUCCEEDED), "Done"),
        (a_job(state=JobState.FAILED, error=FAILED), "This video is damaged."),
        (
            a_job(state=JobState.DEAD),
            "The conversion failed. Try again later, or contact your administrator.",
        ),
        (
            a_job(state=JobState.DEAD, error=LOST, attempts=3),
            "The worker running this job was lost. Tried 3 times. "
            "Try again later, or contact your administrator.",
        ),
        (
            a_job(state=JobState.DEAD, error=LOST, attempts=3, source=None),
            "The worker running this job was lost. Tried 3 times. Its video was deleted. Upload it again.",
        ),
    ],
    ids=str,
)
def test_status_of_a_job(job: JobView, words: str) -> None:
    assert status(job) == words


def test_card_of_a_scheduled_job_has_its_time() -> None:
    assert card(a_job(run_at=NOON))["run_at"] == NOON.isoformat()
    assert card(a_job(run_at=NOON, error=FAILED))["run_at"] is None
    assert card(a_job(state=JobState.RUNNING))["run_at"] is None


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (a_job(state=JobState.SUCCEEDED), "You already have this GIF."),
        (a_job(state=JobState.RUNNING), "This GIF is already being made."),
        (a_job(), "This GIF is already in the queue."),
        (a_job(recipe=Recipe(format="mp4")), "This MP4 is already in the queue."),
    ],
    ids=["succeeded", "running", "queued", "mp4"],
)
def test_repeated_submission_is_described_as_existing(job: JobView, words: str) -> None:
    assert repeat_text(job) == words


@pytest.mark.parametrize(
    ("state", "actions"),
    [
        (JobState.QUEUED, ["cancel"]),
        (JobState.RUNNING, ["cancel"]),
        (JobState.SUCCEEDED, ["download", "share", "reuse", "smaller", "delete"]),
        (JobState.FAILED, ["reuse", "retry", "delete"]),
        (JobState.DEAD, ["retry", "reuse", "delete"]),
        (JobState.CANCELLED, ["retry", "reuse", "delete"]),
    ],
)
def test_actions_of_a_job(state: JobState, actions: list[str]) -> None:
    assert card(a_job(state=state))["actions"] == actions


@pytest.mark.parametrize("name", FILE_KINDS)
def test_file_of_any_format_can_be_made_smaller(name: Format) -> None:
    made = a_job(state=JobState.SUCCEEDED, recipe=Recipe(format=name), gif=GIF)
    assert "smaller" in card(made)["actions"]
    message = smaller_text(GIF.model_copy(update={"format": name}), 1000)
    assert message.startswith(f"The settings of this {FILE_KINDS[name].name} are in the form")


@pytest.mark.parametrize(
    ("size_bytes", "half"), [(3_039_633, 1_500_000), (187_000, 93_000), (2_001, 1_000), (1, 1_000)]
)
def test_half_of_a_size_has_two_digits_and_is_a_valid_limit(size_bytes: int, half: int) -> None:
    assert half_of(size_bytes) == half


def test_job_whose_video_is_gone_cannot_be_retried() -> None:
    shown = card(a_job(state=JobState.FAILED, source=None))
    assert shown["name"] == "clip-1.mp4"
    assert "retry" not in shown["actions"]


def test_facts_of_a_gif() -> None:
    shown = card(a_job(state=JobState.SUCCEEDED, gif=GIF))["gif"]
    assert shown["facts"] == ["480 × 270 px · 66 frames", "5.3 s · 3.1 MB"]  # noqa: RUF001
    assert (shown["format"], shown["file_name"], shown["is_video"]) == ("GIF", "clip-1-5.3s-480px.gif", False)


@pytest.mark.parametrize(
    ("finished_at", "expires_at", "words"),
    [
        (datetime(2026, 11, 3, tzinfo=UTC), datetime(2026, 12, 3, tzinfo=UTC), "Kept until 3 December"),
        (datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 19, tzinfo=UTC), "Kept until 19 January 2027"),
        (datetime(2026, 12, 20, tzinfo=UTC), None, ""),
        (None, None, ""),
    ],
)
def test_card_shows_its_expiry(finished_at: datetime | None, expires_at: datetime | None, words: str) -> None:
    job = a_job(state=JobState.SUCCEEDED, finished_at=finished_at, expires_at=expires_at)
    assert card(job)["kept"] == words


def test_facts_of_other_formats() -> None:
    made = GIF.model_copy(update={"format": "mp4", "content_type": "video/mp4"})
    shown = card(a_job(state=JobState.SUCCEEDED, gif=made))["gif"]
    assert shown["facts"][-1] == "5.3 s · 3.1 MB · MP4"
    assert (shown["format"], shown["is_video"]) == ("MP4", True)


def test_gif_has_its_own_notes_but_not_those_of_its_source() -> None:
    odd, fits = "Contains transparency.", "To fit 1.0 MB: 8.3 fps (was 12.5)."
    job = a_job(
        state=JobState.SUCCEEDED,
        source=a_source(notes=[odd]),
        gif=GIF.model_copy(update={"notes": [odd, fits]}),
    )
    assert card(job)["gif"]["notes"] == fits


def test_facts_of_a_source_leave_out_unknown_ones() -> None:
    assert source_facts(a_source())["facts"] == ["1280 × 720 px", "5.3 s", "25 fps", "1.1 MB"]  # noqa: RUF001
    unknown = a_source(duration_s=None, fps=None)
    assert source_facts(unknown)["facts"] == ["1280 × 720 px", "1.1 MB"]  # noqa: RUF001


def test_singular_and_plural() -> None:
    assert outcome_text(Outcome(10, 20, 1, 0.04)) == "10 × 20 px · 1 frame · 0.04 s"  # noqa: RUF001


@pytest.mark.parametrize(("seconds", "words"), [(0.04, "0.04 s"), (5.28, "5.3 s"), (61, "1 min 1 s")])
def test_durations_in_words(seconds: float, words: str) -> None:
    assert duration(seconds) == words
