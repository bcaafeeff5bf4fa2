"""Job queries: which jobs match, and in which order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gifapp.domain.job import JobState, Progress
from gifapp.domain.job_query import MAX_SEARCHED, JobQuery, searched_text
from gifapp.domain.recipes.recipe import Caption, Recipe
from gifapp.domain.views.jobs import GifView, JobView
from tests.widgets.scripted import a_job, a_source


def captioned(*texts: str) -> Recipe:
    return Recipe(captions=tuple(Caption(text=text) for text in texts))


@pytest.mark.parametrize(
    ("search", "is_there"),
    [
        ("", True),
        ("bunny", True),
        ("BUNNY  hello", True),
        ("ell", True),
        ("straße", True),
        ("STRASSE", True),
        ("b.nny", False),
        (".*", False),
        ("bunny goodbye", False),
        ("\x00", True),  # the name contains none of its words
    ],
)
def test_name_or_captions_must_contain_every_word(search: str, is_there: bool) -> None:
    job = a_job(source=a_source(name="Big Bunny.mp4"), recipe=captioned("Hello\nthere", "Straße"))
    assert JobQuery(search=search).matches(job) is is_there


def test_search_ignores_case_and_character_width() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "BUNNY")
    assert searched_text([f"{wide}.mp4"], Recipe()) == "bunny.mp4"


def test_searched_text_is_limited() -> None:
    assert len(searched_text(["a" * 255], captioned(*["ß" * 500] * 10))) == MAX_SEARCHED


@pytest.mark.parametrize(
    "query",
    [
        {"state": JobState.DEAD},
        {"format": "webp"},
        {"source_id": "source-2"},
        {"search": "other"},
    ],
)
def test_each_filter_excludes_jobs(query: dict[str, Any]) -> None:
    job = a_job(1, JobState.SUCCEEDED)
    assert JobQuery().matches(job)
    assert JobQuery(state=JobState.SUCCEEDED, format="gif", source_id="source-1", search="clip").matches(job)
    assert not JobQuery(**query).matches(job)
    assert JobQuery(**query).is_filtered


def made(number: int, size_bytes: int, duration_s: float) -> JobView:
    gif = GifView(url="", bytes=size_bytes, width_px=1, height_px=1, frames=1, duration_s=duration_s)
    return JobView(
        id=str(number),
        state=JobState.SUCCEEDED,
        progress=Progress(),
        attempts=1,
        recipe=Recipe(),
        gif=gif,
        created_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
    )


@pytest.mark.parametrize(
    ("query", "order"),
    [
        (JobQuery(), "3210"),
        (JobQuery(sort="oldest"), "0123"),
        (JobQuery(sort="largest"), "2130"),
        (JobQuery(sort="longest"), "1320"),
    ],
)
def test_lowest_rank_comes_first(query: JobQuery, order: str) -> None:
    unfinished = made(0, 0, 0).model_copy(update={"gif": None})
    jobs = [unfinished, made(1, 200, 9.5), made(2, 300, 0.5), made(3, 100, 1.5)]
    assert "".join(job.id for job in sorted(jobs, key=query.rank)) == order
