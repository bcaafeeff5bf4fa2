from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from operator import attrgetter
from pathlib import Path

import pytest
from PIL import Image

from gifapp import errors
from gifapp.conversion.probing.probe import probed
from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Crop, Format, Recipe, Segment
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db import job_store, shares, sources
from gifapp.jobs.db.documents import JobDocument, SourceDocument
from gifapp.jobs.parts import JobParts
from gifapp.storage.incoming import Incoming
from gifapp.up.servers import running_mongod
from tests.jobs.conftest import GIF, QUICK, SECRET, STILL, files_below, finish, purge, stored_video
from tests.support.storages import blob_path, storage_at

Upload = Callable[..., SourceView]


def test_upload_becomes_a_source(parts: JobParts, upload_and_probe: Upload, video: bytes) -> None:
    view = upload_and_probe()
    assert (view.name, view.width, view.height, view.bytes) == ("clip.mp4", 96, 64, len(video))
    assert view.duration_s == pytest.approx(2, abs=0.1)
    assert parts.sources.page("ann").sources == [view] == [parts.sources.find("ann", view.id)]
    assert stored_video(parts, "ann", view.id).read_bytes() == video
    assert blob_path(parts.blobs, parts.sources.poster("ann", view.id)).read_bytes().startswith(b"\xff\xd8")


def _picture(kind: str) -> bytes:
    drawn, data = [Image.new("RGB", (16, 12), colour) for colour in ("red", "teal", "gold")], BytesIO()
    drawn[0].save(data, kind, save_all=True, append_images=drawn[1:], duration=[70, 200, 130])
    return data.getvalue()


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_animation_probed_by_an_older_version_is_probed_again(
    parts: JobParts, upload: Upload, kind: str
) -> None:
    view = upload(data=_picture(kind))
    document = SourceDocument.objects(id=view.id)
    document.update(**{f"unset__video__{field}": 1 for field in ("version", "delays_s", "plays", "clock")})
    older = sources.video_of(document.get())
    path = stored_video(parts, "ann", view.id)
    assert parts.sources.find("ann", view.id).keeps_times
    assert probed(older, path, limits=Limits()).delays_s == (0.07, 0.2, 0.13)


def test_source_probed_by_this_version_is_not_probed_again(parts: JobParts, upload: Upload) -> None:
    video = sources.video_of(SourceDocument.objects.get(id=upload().id))
    assert probed(video, Path("gone"), limits=Limits()) is video


@pytest.mark.parametrize("data", [b"", b"hello", b"\x00" * 5000], ids=["empty", "text", "zeros"])
def test_refused_upload_leaves_nothing(upload: Upload, storage: Path, data: bytes) -> None:
    with pytest.raises(errors.SourceRefused):
        upload(data=data)
    assert files_below(storage) == set()
    assert not list((storage / "incoming").iterdir())


def test_too_large_upload_is_cut_off(build_parts: Callable[..., JobParts], storage: Path) -> None:
    with build_parts(limits=Limits(max_upload_bytes=10)) as parts, parts.sources.incoming("ann") as incoming:
        incoming.write(b"0123456789")
        with pytest.raises(errors.SourceTooLarge):
            incoming.write(b"0")
    assert files_below(storage) == set()


def test_abandoned_upload_leaves_nothing(parts: JobParts, storage: Path) -> None:
    with parts.sources.incoming("ann") as incoming:
        incoming.write(b"half")
    assert files_below(storage) == set()


def test_upload_without_mongodb_is_left_to_the_sweep(
    redis_url: str,
    build_parts: Callable[..., JobParts],
    storage: Path,
    video: bytes,
    tmp_path: Path,
    *,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with ExitStack() as mongod, ExitStack() as open_ones:
        mongodb_url = mongod.enter_context(running_mongod(tmp_path / "mongodb"))
        blobs = storage_at(storage.as_uri())
        parts = open_ones.enter_context(
            JobParts(
                mongodb_url=mongodb_url, redis_url=redis_url, blobs=blobs, secret=SECRET, limits=Limits()
            )
        )
        keep = parts.blobs.keep_source

        def keep_and_stop(incoming: Incoming) -> None:
            keep(incoming)
            mongod.close()

        monkeypatch.setattr(parts.blobs, "keep_source", keep_and_stop)
        incoming = open_ones.enter_context(parts.sources.incoming("ann"))
        incoming.write(video)
        with pytest.raises(errors.ServiceUnavailable):
            parts.sources.add("ann", incoming, "clip.mp4")
    assert files_below(storage / "sources")  # whether its document was written is unknown
    with build_parts(timings=replace(QUICK, abandoned_s=0)) as parts:
        parts.sweep()
    assert files_below(storage) == set()
    assert not list((storage / "incoming").iterdir())


def test_equal_files_are_stored_once_until_the_last_owner_deletes_them(
    parts: JobParts, upload_and_probe: Upload, storage: Path
) -> None:
    first, second = upload_and_probe("ann"), upload_and_probe("bob", name="other.mp4")
    assert first.sha256 == second.sha256
    assert len(files_below(storage)) == 2  # the video and its poster
    parts.sources.delete("ann", first.id)
    purge(parts)
    assert stored_video(parts, "bob", second.id).exists()
    parts.sources.delete("bob", second.id)
    purge(parts)
    assert files_below(storage) == set()


def test_source_is_kept_while_a_job_needs_it(parts: JobParts, upload: Upload) -> None:
    source = upload()
    job = parts.submission.submit("ann", source.id, Recipe())
    with pytest.raises(errors.SourceInUse):
        parts.sources.delete("ann", source.id)
    parts.jobs.cancel("ann", job.id)
    parts.sources.delete("ann", source.id)
    assert parts.jobs.find("ann", job.id).source is None
    with pytest.raises(errors.NotFound, match="source"):
        parts.submission.retry("ann", job.id)


def test_submitted_job_waits_in_line(parts: JobParts, upload: Upload) -> None:
    source = upload()
    first = parts.submission.submit("ann", source.id, Recipe(fps=5))
    second = parts.submission.submit("bob", upload("bob").id, Recipe())
    urgent = parts.submission.submit("ann", source.id, Recipe(), priority="high")
    assert (first.state, first.recipe, first.source) == (JobState.QUEUED, Recipe(fps=5), source)
    positions = {
        job.id: parts.jobs.find(owner, job.id).queue_position
        for owner, job in (("ann", first), ("bob", second), ("ann", urgent))
    }
    assert positions == {urgent.id: 1, second.id: 2, first.id: 3}


def test_same_idempotency_key_returns_the_same_job(parts: JobParts, upload: Upload) -> None:
    source = upload()
    first = parts.submission.submit("ann", source.id, Recipe(), idempotency_key="k")
    again = parts.submission.submit("ann", source.id, Recipe(fps=5), idempotency_key="k")
    assert again == first.model_copy(update={"is_repeat": True})
    other = parts.submission.submit("bob", upload("bob").id, Recipe(), idempotency_key="k")
    assert other.id != first.id
    assert parts.submission.submit("ann", source.id, Recipe(fps=5)).id != first.id


@pytest.mark.parametrize(
    ("recipe", "error"),
    [
        (Recipe(segments=(Segment(start_s=5.0),)), errors.RangeOutsideSource),
        (Recipe(crop=Crop(width_px=97, height_px=1)), errors.CropOutsideSource),
        (Recipe(speed=0.1), errors.SourceTooLong),
    ],
)
def test_impossible_recipe_is_refused_at_submit(
    build_parts: Callable[..., JobParts], video: bytes, recipe: Recipe, error: type[errors.GifappError]
) -> None:
    with build_parts(limits=Limits(max_duration_s=10)) as parts:
        with parts.sources.incoming("ann") as incoming:
            incoming.write(video)
            source = parts.sources.add("ann", incoming, "clip.mp4")
        with pytest.raises(error):
            parts.submission.submit("ann", source.id, recipe)
        assert parts.jobs.page("ann").jobs == []


def test_list_of_jobs_leaves_out_the_files_in_recipes(parts: JobParts, upload: Upload) -> None:
    recipe = Recipe(fps=5.0, subtitles="WEBVTT\n\n00:01.000 --> 00:02.000\nHello")
    job = parts.submission.submit("ann", upload("ann").id, recipe)
    assert [job.recipe for job in parts.jobs.page("ann").jobs] == [Recipe(fps=5.0)]
    assert parts.jobs.find("ann", job.id).recipe == recipe


def test_jobs_are_paged(parts: JobParts, upload: Upload) -> None:
    source = upload()
    ids = [parts.submission.submit("ann", source.id, Recipe(fps=fps)).id for fps in range(1, 6)]
    parts.jobs.cancel("ann", ids[0])
    seen, cursor = [], None
    while True:
        page = parts.jobs.page("ann", limit=2, cursor=cursor)
        seen += [job.id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 5
    assert set(seen) == set(ids)
    assert parts.jobs.page("ann", limit=5).next_cursor is None
    assert [job.id for job in parts.jobs.page("ann", JobQuery(state=JobState.CANCELLED)).jobs] == [ids[0]]
    with pytest.raises(errors.FieldInvalid):
        parts.jobs.page("ann", cursor="x")


def test_queued_job_is_cancelled_at_once_and_can_be_retried(parts: JobParts, upload: Upload) -> None:
    job = parts.submission.submit("ann", upload().id, Recipe())
    for _ in range(2):
        assert parts.jobs.cancel("ann", job.id).state == JobState.CANCELLED
    again = parts.submission.retry("ann", job.id)
    assert (again.state, again.attempts, again.finished_at) == (JobState.QUEUED, 0, None)
    with pytest.raises(errors.MoveNotAllowed, match="The job is queued, so it cannot be retried"):
        parts.submission.retry("ann", job.id)


def test_finished_job_has_its_gif(parts: JobParts, upload: Upload, storage: Path) -> None:
    job = parts.submission.submit("ann", upload(name="My clip.final.mp4").id, Recipe())
    with pytest.raises(errors.JobNotFinished, match="The job is queued; there is no GIF"):
        parts.jobs.gif("ann", job.id)
    finish(parts)
    gif = parts.jobs.gif("ann", job.id)
    assert (blob_path(parts.blobs, gif.blob).read_bytes(), gif.bytes, gif.file_name) == (
        GIF,
        6,
        "My clip.final-0.1s-1px.gif",
    )
    with pytest.raises(errors.MoveNotAllowed, match="The job has succeeded, so it cannot be cancelled"):
        parts.jobs.cancel("ann", job.id)
    parts.jobs.delete("ann", job.id)
    purge(parts)
    assert not list((storage / "gifs").iterdir())


@pytest.mark.parametrize(
    ("format_name", "file_name", "content_type"),
    [
        ("webp", "clip-0.1s-1px.webp", "image/webp"),
        ("avif", "clip-0.1s-1px.avif", "image/avif"),
        ("apng", "clip-0.1s-1px.png", "image/apng"),
        ("mp4", "clip-0.1s-1px.mp4", "video/mp4"),
        ("webm", "clip-0.1s-1px.webm", "video/webm"),
    ],
)
def test_job_states_its_format(
    parts: JobParts, upload: Upload, format_name: Format, file_name: str, content_type: str
) -> None:
    job = parts.submission.submit("ann", upload().id, Recipe(format=format_name))
    finish(parts)
    made = parts.jobs.gif("ann", job.id)
    assert (made.file_name, made.content_type) == (file_name, content_type)
    view = parts.jobs.find("ann", job.id).gif
    assert view is not None
    assert (view.format, view.content_type) == (format_name, content_type)


def test_gif_of_an_older_version_has_no_still(parts: JobParts, upload: Upload) -> None:
    job = parts.submission.submit("ann", upload().id, Recipe())
    with pytest.raises(errors.JobNotFinished):
        parts.jobs.still("ann", job.id)
    finish(parts)
    assert blob_path(parts.blobs, parts.jobs.still("ann", job.id)).read_bytes() == STILL
    JobDocument.objects(id=job.id).update(unset__gif__has_still=True)
    made = parts.jobs.find("ann", job.id).gif
    assert made is not None
    assert made.still_url is None
    with pytest.raises(errors.NotFound, match="file"):
        parts.jobs.still("ann", job.id)


def test_gif_is_removed_when_no_job_refers_to_it(parts: JobParts, upload: Upload) -> None:
    source = upload()
    first, twin = (parts.submission.submit("ann", source.id, Recipe(fps=fps)) for fps in (5, 10))
    finish(parts)
    JobDocument.objects(id=twin.id).update(set__gif=JobDocument.objects.get(id=first.id).gif)
    path = blob_path(parts.blobs, parts.jobs.gif("ann", twin.id).blob)
    parts.jobs.delete("ann", first.id)
    purge(parts)
    assert path.exists()
    parts.jobs.delete("ann", twin.id)
    purge(parts)
    assert not path.exists()


VERBS_OF_JOBS = [
    "jobs.find",
    "jobs.cancel",
    "submission.retry",
    "jobs.delete",
    "jobs.restore",
    "jobs.gif",
    "jobs.still",
]
VERBS_OF_SOURCES = ["sources.find", "sources.delete", "sources.restore", "sources.poster"]


@pytest.mark.parametrize("verb", VERBS_OF_JOBS)
@pytest.mark.parametrize("asked_for", ["another's", "", "no such id", "{$gt: 0}"])
def test_job_is_found_only_by_its_owner(parts: JobParts, upload: Upload, verb: str, asked_for: str) -> None:
    job = parts.submission.submit("ann", upload().id, Recipe())
    with pytest.raises(errors.NotFound, match="job"):
        attrgetter(verb)(parts)("eve", job.id if asked_for == "another's" else asked_for)
    assert parts.jobs.find("ann", job.id) == job
    assert parts.jobs.page("eve").jobs == []


@pytest.mark.parametrize("verb", VERBS_OF_SOURCES)
@pytest.mark.parametrize("asked_for", ["another's", "no such id"])
def test_source_is_found_only_by_its_owner(
    parts: JobParts, upload: Upload, verb: str, asked_for: str
) -> None:
    source = upload()
    with pytest.raises(errors.NotFound, match="source"):
        attrgetter(verb)(parts)("eve", source.id if asked_for == "another's" else asked_for)
    with pytest.raises(errors.NotFound, match="source"):
        parts.submission.submit("eve", source.id, Recipe())
    assert parts.sources.find("ann", source.id) == source
    assert parts.sources.page("eve").sources == []


def test_every_query_is_restricted_to_the_owner(parts: JobParts, upload: Upload) -> None:
    source = upload()
    job = parts.submission.submit("ann", source.id, Recipe())
    share = shares.add_share("ann", job.id, lasts_s=60)
    for ask in (
        lambda: sources.delete_source("eve", source.id),
        lambda: sources.restore_source("eve", source.id),
        lambda: sources.rename_source("eve", source.id, "hers.mp4"),
        lambda: job_store.rename_job("eve", job.id, "hers"),
        lambda: job_store.delete_job("eve", job.id),
        lambda: job_store.restore_job("eve", job.id),
        lambda: shares.revoke_share("eve", share.id),
    ):
        with pytest.raises(errors.NotFound):
            ask()
    assert sources.sources_by_id("eve", [source.id]) == {}
    assert shares.shares_of("eve", job.id) == []
    assert [listed.id for listed in shares.shares_of("ann", job.id)] == [share.id]
