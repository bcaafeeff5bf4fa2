"""Lists of jobs in MongoDB: searched, filtered, sorted, and paged without gaps."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gifapp import errors, mongodb
from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery, JobSort
from gifapp.domain.recipes.recipe import Caption, Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db.documents import JobDocument
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import finish

Upload = Callable[..., SourceView]
SUBTITLES = "1\n00:00:00,000 --> 00:00:01,000\nHello"


def submit(parts: JobParts, source: SourceView, *captions: str, fps: float = 10, owner: str = "ann") -> str:
    recipe = Recipe(fps=fps, captions=tuple(Caption(text=text) for text in captions))
    return parts.submission.submit(owner, source.id, recipe).id


def matching(parts: JobParts, query: JobQuery, owner: str = "ann") -> set[str]:
    page = parts.jobs.page(owner, query)
    assert page.total == len(page.jobs)
    return {job.id for job in page.jobs}


def test_search_finds_names_and_captions(parts: JobParts, upload: Upload) -> None:
    bunny, cat = upload(name="Big Bunny.mp4"), upload(name="cat (1).mp4")
    plain, hello = submit(parts, bunny), submit(parts, bunny, "Hello there", fps=5)
    other = submit(parts, cat, "HELLO again")
    for search, expected in {
        "BUNNY": {plain, hello},
        "hello": {hello, other},
        "hello bunny": {hello},
        "t (1).": {other},
        "b.nny": set(),
        ".*": set(),
        "$where": set(),
        "nothing": set(),
    }.items():
        assert matching(parts, JobQuery(search=search)) == expected, search


def test_filters_apply_within_the_owners_jobs(parts: JobParts, upload: Upload) -> None:
    first, second = upload(name="a.mp4"), upload(name="b.mp4")
    theirs = submit(parts, upload("bob", name="a.mp4"), owner="bob")
    made, waiting = submit(parts, first), submit(parts, second, fps=5)
    finish(parts)
    webp = parts.submission.submit("ann", first.id, Recipe(format="webp")).id
    assert matching(parts, JobQuery(search="a.mp4")) == {made, webp}
    assert matching(parts, JobQuery(state=JobState.SUCCEEDED)) == {made}
    assert matching(parts, JobQuery(source_id=second.id)) == {waiting}
    assert matching(parts, JobQuery(format="webp")) == {webp}
    assert matching(parts, JobQuery(format="gif", state=JobState.QUEUED)) == {waiting}
    assert matching(parts, JobQuery(source_id=first.id), "bob") == set()
    assert matching(parts, JobQuery(), "bob") == {theirs}


@pytest.mark.parametrize("sort", ["newest", "oldest", "largest", "longest"])
def test_pages_in_any_order_list_each_job_once_and_the_total(
    parts: JobParts, upload: Upload, sort: JobSort
) -> None:
    source = upload()
    for number in range(7):
        submit(parts, source, fps=number + 1)
    for size_bytes, duration_s in [(300, 1.5), (100, 1.5), (300, 0.25), (200, 1e-7)]:
        done = finish(parts)
        JobDocument.objects(id=done).update(set__gif__bytes=size_bytes, set__gif__duration_s=duration_s)
    query, cursor, jobs = JobQuery(sort=sort), None, []
    for _ in range(4):
        page = parts.jobs.page("ann", query, limit=2, cursor=cursor)
        assert page.total == 7
        jobs += page.jobs
        cursor = page.next_cursor
    assert cursor is None
    assert len({job.id for job in jobs}) == 7
    assert [query.rank(job) for job in jobs] == sorted(query.rank(job) for job in jobs)


@pytest.mark.parametrize("cursor", ["x", "-", "nan-x", "inf-x", "1", "1e-x"])
def test_cursor_of_another_order_is_refused(parts: JobParts, cursor: str) -> None:
    sorts: list[JobSort] = ["newest", "oldest"] if cursor == "-" else ["newest", "largest", "longest"]
    for sort in sorts:
        with pytest.raises(errors.FieldInvalid, match="cursor is not a cursor"):
            parts.jobs.page("ann", JobQuery(sort=sort), cursor=cursor)


def test_search_uses_an_index_that_begins_with_the_owner(parts: JobParts) -> None:
    assert parts.jobs.page("ann").total == 0
    keys = [list(index["key"]) for index in JobDocument._get_collection().list_indexes()]
    for expected in (
        ["owner", "searched_text"],
        ["owner", "gif.bytes", "_id"],
        ["owner", "gif.duration_s", "_id"],
    ):
        assert expected in keys


def test_page_of_large_recipes_is_shorter(
    parts: JobParts, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = upload()
    ids = [submit(parts, source, "long " * 90, fps=number + 1) for number in range(4)]
    one = len(json.dumps(JobDocument.objects.get(id=ids[0]).recipe))
    monkeypatch.setattr(mongodb, "MAX_PAGE_BYTES", 2 * one - 100)
    first = parts.jobs.page("ann", limit=3)
    assert [job.id for job in first.jobs] == ids[:1:-1]
    second = parts.jobs.page("ann", limit=3, cursor=first.next_cursor)
    assert [job.id for job in second.jobs] == ids[1::-1]
    assert second.next_cursor is None


def test_list_does_not_read_the_files_in_recipes(
    parts: JobParts, upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.submission.submit("ann", upload().id, Recipe(subtitles=SUBTITLES))
    from_son, read = JobDocument._from_son, list[dict[str, Any]]()

    def reading(son: Any, **options: Any) -> Any:
        read.append(son["recipe"])
        return from_son(son, **options)

    monkeypatch.setattr(JobDocument, "_from_son", reading)
    parts.jobs.page("ann")
    assert [recipe.get("subtitles") for recipe in read] == [None]
