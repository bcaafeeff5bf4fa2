"""Scheduling: whose job runs next."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from gifapp import errors
from gifapp.domain.job import JobState, Priority
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.db import leases, queue_pause, submissions, workers
from gifapp.jobs.db.documents import JobDocument, OwnerDocument, SourceDocument, utc_now
from gifapp.jobs.db.scheduling import QueueSnapshot, claim_next, rank_of
from gifapp.jobs.parts import JobParts

Submit = Callable[..., list[JobView]]


@pytest.fixture
def submit(parts: JobParts, upload: Callable[..., SourceView]) -> Submit:
    """Submit this many different jobs of one owner."""

    def submit(owner: str, count: int = 1, priority: Priority = "normal") -> list[JobView]:
        source = upload(owner)
        recipes = [
            Recipe(width_px=16, speed=1 + len(JobDocument.objects) / 100 + n / 1000) for n in range(count)
        ]
        return [parts.submission.submit(owner, source.id, recipe, priority=priority) for recipe in recipes]

    return submit


def claimed(max_running: int | None = None) -> JobDocument | None:
    return claim_next(worker="w", lease_s=30, max_running=max_running)


def owners_of(claims: int) -> list[str]:
    """The owners of the jobs that one worker runs, in order."""
    owners = []
    for _ in range(claims):
        job = claimed()
        assert job is not None
        owners.append(job.owner)
        leases.cancel(leases.attempt_of(job))
    return owners


def test_many_jobs_of_one_user_do_not_delay_another_user(submit: Submit) -> None:
    submit("ann", 20)
    assert owners_of(3) == ["ann"] * 3
    submit("bob")
    assert owners_of(3) == ["bob", "ann", "ann"]


def test_user_with_fewer_running_jobs_is_next(submit: Submit) -> None:
    submit("ann", 5)
    running = [claimed() for _ in range(3)]
    submit("bob", 5)
    running += [claimed() for _ in range(5)]
    assert [job.owner for job in running if job] == ["ann"] * 3 + ["bob"] * 3 + ["ann", "bob"]


def test_users_take_turns(submit: Submit) -> None:
    for owner in ("ann", "bob", "eve"):
        submit(owner, 3)
    order = owners_of(9)
    assert [set(order[at : at + 3]) for at in (0, 3, 6)] == [{"ann", "bob", "eve"}] * 3


def test_ones_own_jobs_run_by_priority_and_then_by_age(submit: Submit) -> None:
    normal, low, second = *submit("ann"), *submit("ann", priority="low"), *submit("ann")
    high = submit("ann", priority="high")[0]
    order = [claimed() for _ in range(4)]
    assert [job.id for job in order if job] == [high.id, normal.id, second.id, low.id]


def test_low_priority_job_does_not_starve() -> None:
    now = utc_now()
    low, high_much_later = rank_of(now, -10), rank_of(now + timedelta(minutes=21), 10)
    assert rank_of(now + timedelta(minutes=19), 10) < low < high_much_later


def test_running_jobs_per_user_are_limited(submit: Submit) -> None:
    submit("ann", 3)
    assert claimed(max_running=1) is not None
    assert claimed(max_running=1) is None
    submit("bob")
    served = claimed(max_running=1)
    assert served is not None
    assert served.owner == "bob"


def with_workers(count: int) -> None:
    for number in range(count):
        workers.report(f"here:{number}", jobs=0, memory_bytes=1)


def test_one_of_several_workers_is_reserved_for_users_with_nothing_running(submit: Submit) -> None:
    with_workers(3)
    submit("ann", 5)
    assert [job and job.owner for job in (claimed(), claimed(), claimed())] == ["ann", "ann", None]
    submit("bob", 2)
    served = claimed()
    assert served
    assert served.owner == "bob"


def test_single_worker_serves_users_in_turn(submit: Submit) -> None:
    with_workers(1)
    submit("ann", 3)
    submit("bob")
    assert owners_of(4) == ["ann", "bob", "ann", "ann"]


def claimed_at_once(count: int) -> list[JobDocument]:
    """The jobs that this many workers claim at the same moment."""
    together = Barrier(count)

    def claim_with_others(_: int) -> JobDocument | None:
        together.wait()
        return claimed()

    with ThreadPoolExecutor(count) as pool:
        return [job for job in pool.map(claim_with_others, range(count)) if job]


def test_concurrent_claims_keep_a_worker_reserved(submit: Submit) -> None:
    with_workers(4)
    submit("ann", 24)
    for _ in range(6):
        running = claimed_at_once(4)
        assert len(running) == 3
        for job in running:
            leases.cancel(leases.attempt_of(job))


def make_long(jobs: list[JobView]) -> None:
    JobDocument.objects(id__in=[job.id for job in jobs]).update(set__is_short=False)


def test_long_jobs_of_many_users_leave_a_worker_for_short_ones(submit: Submit) -> None:
    with_workers(4)
    for owner in ("ann", "bob", "cat", "dan", "eve"):
        make_long(submit(owner))
    running = [claimed() for _ in range(4)]
    assert [job and job.is_short for job in running] == [False, False, False, None]
    [short] = submit("eve")
    served = claimed()
    assert served
    assert served.id == short.id
    assert served.lane is None


def test_long_jobs_of_one_user_leave_a_worker_for_anothers_long_job(submit: Submit) -> None:
    with_workers(4)
    make_long(submit("ann", 5))
    assert [job and job.owner for job in (claimed(), claimed(), claimed())] == ["ann", "ann", None]
    make_long(submit("bob", 2))
    assert [job and job.owner for job in (claimed(), claimed())] == ["bob", None]


def test_short_job_passes_its_owners_long_ones(submit: Submit) -> None:
    with_workers(4)
    make_long(submit("ann", 3))
    assert [claimed() and True for _ in range(3)] == [True, True, None]
    [short] = submit("ann", priority="low")
    served = claimed()
    assert served
    assert served.id == short.id


@pytest.mark.parametrize("count", [1, 2])
def test_few_workers_reserve_none_for_short_jobs(submit: Submit, count: int) -> None:
    with_workers(count)
    for owner in ("ann", "bob"):
        make_long(submit(owner))
    assert [job and job.owner for job in (claimed(), claimed())] == ["ann", "bob"]


def test_concurrent_claims_keep_a_worker_for_short_jobs(submit: Submit) -> None:
    with_workers(4)
    for owner in ("ann", "bob", "cat", "dan"):
        make_long(submit(owner, 6))
    for _ in range(6):
        running = claimed_at_once(4)
        assert sorted(job.lane for job in running) == [0, 1, 2]
        for job in running:
            assert leases.cancel(leases.attempt_of(job))


def test_long_job_of_a_dead_worker_frees_its_lane(submit: Submit) -> None:
    with_workers(3)
    for owner in ("ann", "bob", "cat"):
        make_long(submit(owner))
    assert [job and job.owner for job in (claimed(), claimed(), claimed())] == ["ann", "bob", None]
    almost_over = utc_now() + timedelta(seconds=20)
    JobDocument.objects(state=JobState.RUNNING, owner="ann").update(set__lease_until=almost_over)
    served = claimed()
    assert served
    assert served.owner == "cat"


def test_job_of_a_dead_worker_does_not_count_towards_its_owners_limit(submit: Submit) -> None:
    with_workers(2)
    submit("ann", 2)
    assert claimed()
    assert claimed() is None
    JobDocument.objects(state=JobState.RUNNING).update(set__lease_until=utc_now() + timedelta(seconds=20))
    assert claimed()


def test_job_knows_whether_it_is_short(parts: JobParts, upload: Callable[..., SourceView]) -> None:
    source = upload()
    short = parts.submission.submit("ann", source.id, Recipe())
    SourceDocument.objects(id=source.id).update(set__video__stored_width_px=20_000_000)
    long = parts.submission.submit("ann", source.id, Recipe(speed=2))
    assert [JobDocument.objects.get(id=job.id).is_short for job in (short, long)] == [True, False]


def test_scheduled_job_waits_for_its_time(parts: JobParts, upload: Callable[..., SourceView]) -> None:
    later = utc_now() + timedelta(hours=1)
    job = parts.submission.submit("ann", upload().id, Recipe(), run_at=later)
    assert (job.state, job.run_at, job.queue_position) == (JobState.QUEUED, later, None)
    assert parts.wakeups.waiting() == 0
    assert claimed() is None
    JobDocument.objects(id=job.id).update(set__run_at=utc_now())
    parts.sweep()
    assert parts.wakeups.waiting() == 1
    assert claimed() is not None


def test_paused_queue_accepts_jobs_and_starts_none(submit: Submit) -> None:
    queue_pause.pause()
    since = queue_pause.paused_at()
    queue_pause.pause()
    assert queue_pause.paused_at() == since is not None
    submit("ann")
    assert claimed() is None
    queue_pause.resume()
    assert queue_pause.paused_at() is None
    assert claimed() is not None


def test_place_in_line_counts_everybodys_turns(parts: JobParts, submit: Submit) -> None:
    first, second, third = submit("ann", 3)
    other = submit("bob")[0]
    places = [parts.jobs.find("ann", job.id).queue_position for job in (first, second, third)]
    assert places == [1, 3, 4]
    assert parts.jobs.find("bob", other.id).queue_position == 2
    owners_of(1)
    assert parts.jobs.find("bob", other.id).queue_position == 1


def test_wait_is_estimated_from_recent_durations() -> None:
    line = QueueSnapshot(due={"ann": 6, "bob": 1}, running=2, workers=2, usual_s=4.0)
    assert [line.wait_s(place) for place in (1, 2, 6)] == [2.0, 4.0, 12.0]
    alone = QueueSnapshot(due={"ann": 6}, running=1, workers=2, usual_s=4.0)
    assert [alone.wait_s(place) for place in (1, 2, 6)] == [
        4.0,
        8.0,
        24.0,
    ]  # one worker is reserved for others
    idle = QueueSnapshot(due={"ann": 1}, running=0, workers=2, usual_s=4.0)
    assert idle.wait_s(1) == 0
    assert QueueSnapshot(due={}, running=0, workers=0, usual_s=None).wait_s(1) is None


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED])
def test_existing_or_pending_gif_is_not_made_again(parts: JobParts, job: JobView, state: JobState) -> None:
    JobDocument.objects(id=job.id).update(set__state=state, set__is_active=state != JobState.SUCCEEDED)
    assert job.source
    again = parts.submission.submit("ann", job.source.id, Recipe())
    assert (again.id, again.is_repeat) == (job.id, True)
    assert JobDocument.objects.count() == 1


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED, JobState.DEAD])
def test_job_without_success_is_made_again(parts: JobParts, job: JobView, state: JobState) -> None:
    JobDocument.objects(id=job.id).update(set__state=state, set__is_active=False)
    assert job.source
    again = parts.submission.submit("ann", job.source.id, Recipe())
    assert (again.id == job.id, again.is_repeat) == (False, False)
    with pytest.raises(errors.JobRepeated):
        parts.submission.retry("ann", job.id)


def test_same_video_uploaded_twice_is_one_gif_per_owner(
    parts: JobParts, job: JobView, upload: Callable[..., SourceView]
) -> None:
    assert parts.submission.submit("ann", upload(name="again.mp4").id, Recipe()).id == job.id
    assert parts.submission.submit("bob", upload("bob").id, Recipe()).id != job.id


def test_submissions_per_hour_are_counted(parts: JobParts) -> None:
    for _ in range(3):
        submissions.count_one("ann", max_per_hour=3)
    with pytest.raises(errors.TooManyJobs) as refused:
        submissions.count_one("ann", max_per_hour=3)
    assert 0 < refused.value.facts["retry_after_s"] <= 3600
    submissions.count_one("bob", max_per_hour=3)
    OwnerDocument.objects(id="ann").update(set__hour=utc_now() - timedelta(hours=2))
    submissions.count_one("ann", max_per_hour=3)


def test_worker_is_alive_while_it_reports(parts: JobParts) -> None:
    workers.report("here:1", jobs=0, memory_bytes=1)
    workers.report("here:1", jobs=2, memory_bytes=1)
    (alive,) = workers.alive()
    assert (alive.id, alive.jobs, workers.count_alive()) == ("here:1", 2, 1)
    type(alive).objects.update(set__seen_at=utc_now() - timedelta(minutes=2))
    assert workers.count_alive() == 0
    workers.remove_dead()
    assert type(alive).objects.count() == 0
