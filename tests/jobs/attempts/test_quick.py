"""Estimates and previews in child processes with limits."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from gifapp import errors
from gifapp.conversion.pipeline import convert
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.sizing.estimate import estimate
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.attempts.quick import AT_ONCE, QuickConversions
from gifapp.jobs.parts import JobParts
from gifapp.processes import wait_until
from gifapp.storage.blobs import Blobs
from tests.support.clips import pattern
from tests.support.storages import storage_at


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return pattern(tmp_path / "clip.mp4", size="64x48")


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return storage_at((tmp_path / "storage").as_uri())


@pytest.fixture
def estimates(blobs: Blobs) -> Iterator[QuickConversions]:
    made = QuickConversions(blobs, Limits())
    yield made
    made.close()


def test_estimate_equals_our_own_and_leaves_nothing(
    estimates: QuickConversions, clip: Path, tmp_path: Path
) -> None:
    video = probe(clip, limits=Limits())
    here = estimate(clip, Recipe(), limits=Limits(), video=video)
    assert [estimates.estimate(clip, video, Recipe()) for _ in range(2)] == [here, here]
    assert not list((tmp_path / "storage" / "scratch").iterdir())


def test_preview_is_a_whole_file_and_leaves_nothing(
    estimates: QuickConversions, clip: Path, tmp_path: Path
) -> None:
    made = estimates.preview(clip, probe(clip, limits=Limits()), Recipe(width_px=32))
    here = convert(clip, Recipe(width_px=32))
    assert (made.data, made.width_px, made.height_px) == (here.data, 32, 24)
    assert not list((tmp_path / "storage" / "scratch").iterdir())


def test_error_in_the_child_is_raised_here(estimates: QuickConversions, clip: Path) -> None:
    video = probe(clip, limits=Limits())
    clip.write_bytes(b"no video any more")
    with pytest.raises(errors.SourceDamaged):
        estimates.estimate(clip, video, Recipe())


def test_surplus_requests_wait_and_all_are_answered(estimates: QuickConversions, clip: Path) -> None:
    video = probe(clip, limits=Limits())
    before = set(psutil.Process().children())
    count = AT_ONCE + 2
    with ThreadPoolExecutor(count) as people:
        seen = set(people.map(lambda _: estimates.estimate(clip, video, Recipe()), range(count)))
    assert len(seen) == 1
    assert len(set(psutil.Process().children()) - before) == AT_ONCE


def test_no_process_runs_before_the_first_request_or_after_close(blobs: Blobs, clip: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    made = QuickConversions(blobs, Limits())
    assert set(psutil.Process().children(recursive=True)) == before
    made.estimate(clip, probe(clip, limits=Limits()), Recipe())
    made.close()
    assert set(psutil.Process().children(recursive=True)) == before


def test_next_fork_server_is_started_in_advance(estimates: QuickConversions, clip: Path) -> None:
    before = set(psutil.Process().children())

    def servers() -> set[psutil.Process]:
        return set(psutil.Process().children()) - before

    estimates.warm_up()
    video = probe(clip, limits=Limits())
    estimates.estimate(clip, video, Recipe())
    assert wait_until(lambda: len(servers()) == 2, timeout_s=30)  # the current one and the next
    warm = servers()
    estimates.estimate(clip, video, Recipe())
    assert servers() == warm


def test_estimate_of_another_users_source_is_refused(
    parts: JobParts, upload: Callable[..., SourceView]
) -> None:
    mine = upload("ann")
    assert parts.estimation.estimate("ann", mine.id, Recipe(width_px=48)).width_px == 48
    with pytest.raises(errors.NotFound):
        parts.estimation.estimate("bob", mine.id, Recipe())
