"""The storage quota of a user: their videos and GIFs, nobody else's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.domain.limits import Allowance, Limits, QuotaUsage
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db.documents import SourceDocument
from gifapp.jobs.db.usage import quota_usage
from gifapp.jobs.parts import JobParts
from tests.jobs.conftest import GIF, files_below, finish, purge

Upload = Callable[..., SourceView]
BuildParts = Callable[..., JobParts]


def add(parts: JobParts, data: bytes, owner: str = "ann") -> SourceView:
    with parts.sources.incoming(owner) as incoming:
        incoming.write(data)
        return parts.sources.add(owner, incoming, "clip.mp4")


def test_usage_is_the_size_of_videos_and_gifs(parts: JobParts, upload: Upload, video: bytes) -> None:
    source = upload("ann")
    upload("ann")
    upload("bob")
    parts.submission.submit("ann", source.id, Recipe())
    job_id = finish(parts)
    assert quota_usage("ann", limit_bytes=None) == QuotaUsage(2 * len(video) + len(GIF), None)
    assert quota_usage("bob", limit_bytes=None) == QuotaUsage(len(video), None)
    parts.sources.delete("ann", source.id)
    parts.jobs.delete("ann", job_id)
    assert quota_usage("ann", limit_bytes=None) == QuotaUsage(2 * len(video) + len(GIF), None)
    purge(parts)
    assert quota_usage("ann", limit_bytes=None) == QuotaUsage(len(video), None)


def test_upload_over_the_quota_is_refused_before_it_starts(build_parts: BuildParts, video: bytes) -> None:
    with build_parts(allowance=Allowance(stored_bytes=2 * len(video) + 5)) as parts:
        add(parts, video)
        with pytest.raises(errors.QuotaExceeded, match="Delete videos or GIFs") as refused:
            parts.sources.incoming("ann", declared_bytes=len(video) + 6)
        assert refused.value.facts == {"used_bytes": len(video), "limit_bytes": 2 * len(video) + 5}
        parts.sources.incoming("ann", declared_bytes=len(video) + 5)
        parts.sources.incoming("bob", declared_bytes=2 * len(video) + 5)


def test_upload_of_unknown_length_is_refused_when_it_exceeds_the_quota(
    build_parts: BuildParts, storage: Path
) -> None:
    with build_parts(allowance=Allowance(stored_bytes=10)) as parts:
        with parts.sources.incoming("ann") as incoming:
            incoming.write(b"0123456789")
            with pytest.raises(errors.QuotaExceeded):
                incoming.write(b"0")
        assert files_below(storage) == set()


def test_one_of_two_concurrent_uploads_over_the_quota_is_refused(
    build_parts: BuildParts, video: bytes, storage: Path
) -> None:
    def is_stored(parts: JobParts) -> bool:
        try:
            add(parts, video)
        except errors.QuotaExceeded:
            return False
        return True

    with build_parts(allowance=Allowance(stored_bytes=len(video))) as parts:
        with parts.sources.incoming("ann") as first, parts.sources.incoming("ann") as second:
            for incoming in (first, second):
                incoming.write(video)
            parts.sources.add("ann", first, "first.mp4")
            with pytest.raises(errors.QuotaExceeded):
                parts.sources.add("ann", second, "second.mp4")
        parts.sources.delete("ann", parts.sources.page("ann").sources[0].id)
        purge(parts)
        assert files_below(storage) == set()
        with ThreadPoolExecutor(3) as pool:
            assert sorted(pool.map(is_stored, [parts] * 3)) == [False, False, True]
        assert SourceDocument.objects.count() == 1


def test_full_quota_blocks_conversions_until_something_is_deleted(
    build_parts: BuildParts, video: bytes
) -> None:
    with build_parts(allowance=Allowance(stored_bytes=len(video) + len(GIF))) as parts:
        source = add(parts, video)
        given_up = parts.submission.submit("ann", source.id, Recipe(fps=1))
        parts.jobs.cancel("ann", given_up.id)
        made = parts.submission.submit("ann", source.id, Recipe())
        finish(parts)
        with pytest.raises(errors.QuotaExceeded):
            parts.submission.submit("ann", source.id, Recipe(fps=5))
        with pytest.raises(errors.QuotaExceeded):
            parts.submission.retry("ann", given_up.id)
        assert parts.submission.submit("ann", source.id, Recipe()).is_repeat  # a repeated job takes no space
        parts.jobs.delete("ann", made.id)
        purge(parts)
        parts.submission.submit("ann", source.id, Recipe(fps=5))


def test_uploads_leave_a_reserve_of_disk_space(build_parts: BuildParts, storage: Path) -> None:
    with build_parts(limits=Limits(reserve_bytes=10**18)) as parts, pytest.raises(errors.DiskFull):
        parts.sources.incoming("ann")
    with build_parts(limits=Limits(reserve_bytes=1)) as parts:
        parts.sources.incoming("ann", declared_bytes=10_000)
        with pytest.raises(errors.DiskFull):
            parts.sources.incoming("ann", declared_bytes=10**18)
    assert not list((storage / "incoming").iterdir())
