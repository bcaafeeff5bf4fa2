import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
import yaml
from bson import json_util

from gifapp import errors
from gifapp.backoff import Backoff
from gifapp.domain.job import JobState
from gifapp.domain.job_query import JobQuery
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import SourceView
from gifapp.jobs.db import job_store
from gifapp.jobs.db.documents import JobDocument, utc_now
from gifapp.jobs.db.job_store import Load
from gifapp.jobs.db.scheduling import claim_next
from gifapp.jobs.parts import JobParts
from gifapp.jobs.supervisor import Supervisor, SupervisorTimings, capped_workers, desired_workers
from gifapp.jobs.worker import worker_name
from gifapp.processes import wait_until
from tests.chaos.report import draw
from tests.chaos.sampler import Sampler
from tests.jobs.conftest import QUICK, ROOT, living
from tests.jobs.converters import KILLS_THE_WORKER, POISON

DAY_S = 24 * 3600.0
SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
PACE = SupervisorTimings(
    look_every_s=0.05, cool_down_s=0.3, young_s=0.2, restarts=Backoff(first_s=0.2, longest_s=0.4)
)


@pytest.mark.parametrize(
    ("queued", "running", "min_workers", "max_workers", "desired"),
    [
        (0, 0, 1, 5, 1),
        (0, 0, 0, 5, 0),
        (3, 0, 1, 5, 3),
        (0, 3, 1, 5, 3),
        (1, 1, 1, 5, 4),  # one job waits while another runs: two workers are reserved
        (100, 5, 1, 5, 5),
        (0, 1, 2, 2, 2),
    ],
)
def test_number_of_workers_follows_the_jobs_within_bounds(
    queued: int, running: int, min_workers: int, max_workers: int, desired: int
) -> None:
    assert desired_workers(queued, running, min_workers=min_workers, max_workers=max_workers) == desired


# the seconds until each queued job is due, whether the first is running, and the expected load
LOADS = {
    "nothing": ([], False, 0),
    "what is due": ([-60, -1, 0], False, 3),
    "what is due and runs": ([-60, -1, 0], True, 3),
    "five for later": ([-60, -1, *[20 * DAY_S] * 5], False, 2),
    "five for later, and one that runs": ([-60, -1, *[20 * DAY_S] * 5], True, 2),
    "an hour ahead alone": ([3600], False, 0),
}


@pytest.mark.parametrize(("due_in_s", "runs", "counted"), LOADS.values(), ids=LOADS)
def test_only_due_and_running_jobs_count_as_load(
    parts: JobParts, upload: Callable[..., SourceView], due_in_s: list[float], runs: bool, counted: int
) -> None:
    source = upload()
    for number, seconds in enumerate(due_in_s):
        job = parts.submission.submit("ann", source.id, Recipe(fps=1 + number))
        JobDocument.objects(id=job.id).update(set__run_at=utc_now() + timedelta(seconds=seconds))
    assert not runs or claim_next(worker="w", lease_s=30)
    load = job_store.load()
    assert load.queued + len(load.busy_workers) == counted
    assert counted_by_keda() == counted


def counted_by_keda() -> int:
    """The number that KEDA's MongoDB scaler counts; it reads the query as extended JSON."""
    _, scaled = yaml.safe_load_all((ROOT / "deploy" / "kubernetes" / "keda.yaml").read_text())
    [trigger] = scaled["spec"]["triggers"]
    query = json_util.loads(trigger["metadata"]["query"])
    return int(JobDocument._get_collection().count_documents(query))


def test_cores_cap_the_maximum_but_not_the_minimum() -> None:
    assert 3 <= capped_workers(1, 10_000) < 10_000  # even on one core, two workers are reserved for others
    assert capped_workers(10_000, 10_000) == 10_000


@dataclass
class Supervised:
    """A supervisor running in a thread, with a load that the test sets."""

    load: Load | None = field(default_factory=lambda: Load(0, frozenset()))
    argv: list[str] = field(default_factory=lambda: SLEEPER)
    pace: SupervisorTimings = PACE
    looks: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def believed(self) -> Load:
        self.looks += 1
        if self.load is None:
            raise errors.ServiceUnavailable(service="MongoDB")
        return self.load

    def start(self) -> None:
        supervisor = Supervisor(
            self.argv, load=self.believed, min_workers=1, max_workers=3, drain_s=1, pace=self.pace
        )
        self.thread = threading.Thread(target=supervisor.run, args=(self.stopping.is_set,))
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join()

    def pids(self) -> list[int]:
        children = living(psutil.Process().children())
        return [child.pid for child in children if (child.info["cmdline"] or [""])[-1] == SLEEPER[-1]]

    def reaches(self, count: int) -> bool:
        return wait_until(lambda: len(self.pids()) == count, timeout_s=30)

    def looks_again(self, times: int = 5) -> bool:
        seen = self.looks
        return wait_until(lambda: self.looks >= seen + times, timeout_s=30)


@pytest.fixture
def supervised() -> Iterator[Supervised]:
    supervised = Supervised()
    supervised.start()
    assert supervised.reaches(1)
    yield supervised
    supervised.stop()
    assert supervised.pids() == []


def test_supervisor_scales_up_at_once_and_down_after_the_cool_down(supervised: Supervised) -> None:
    supervised.load = Load(7, frozenset())
    assert supervised.reaches(3)
    supervised.load = Load(0, frozenset())
    assert supervised.reaches(1)


def test_no_worker_is_stopped_during_the_cool_down() -> None:
    supervised = Supervised(load=Load(3, frozenset()), pace=replace(PACE, cool_down_s=3600))
    supervised.start()
    assert supervised.reaches(3)
    supervised.load = Load(0, frozenset())
    assert supervised.looks_again()
    assert len(supervised.pids()) == 3
    supervised.stop()


def test_idle_workers_are_stopped_first(supervised: Supervised) -> None:
    supervised.load = Load(3, frozenset())
    assert supervised.reaches(3)
    busy = supervised.pids()[-1]
    supervised.load = Load(0, frozenset({worker_name(busy)}))
    assert supervised.reaches(1)
    assert supervised.pids() == [busy]


def test_dead_worker_is_replaced(supervised: Supervised) -> None:
    (victim,) = supervised.pids()
    psutil.Process(victim).kill()
    assert wait_until(lambda: len(supervised.pids()) == 1 and supervised.pids() != [victim], timeout_s=30)


def test_unknown_load_keeps_the_minimum(supervised: Supervised) -> None:
    supervised.load = None
    psutil.Process(supervised.pids()[0]).kill()
    assert supervised.reaches(0)
    assert supervised.reaches(1)


@pytest.mark.parametrize(("delay_s", "starts"), [(0.2, 3), (3600, 1)])
def test_workers_that_die_at_once_are_restarted_with_back_off(
    tmp_path: Path, delay_s: float, starts: int
) -> None:
    log = tmp_path / "starts"
    log.touch()
    pace = replace(PACE, restarts=Backoff(first_s=delay_s, longest_s=delay_s))
    supervised = Supervised(argv=["sh", "-c", f"echo x >> {log}"], pace=pace)
    supervised.start()
    assert wait_until(lambda: len(log.read_text().split()) == starts, timeout_s=30)
    assert supervised.looks_again()
    supervised.stop()
    assert delay_s < 3600 or len(log.read_text().split()) == starts


@pytest.fixture
def keep_workers(
    worker_argv: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., AbstractContextManager[None]]:
    """Keep this many real workers, with a converter of `tests.jobs.converters`, until the block ends."""
    monkeypatch.chdir(ROOT)

    @contextmanager
    def keep(converter: str, *, min_workers: int, max_workers: int) -> Iterator[None]:
        stopping = threading.Event()
        supervisor = Supervisor(
            worker_argv(converter),
            load=job_store.load,
            min_workers=min_workers,
            max_workers=max_workers,
            drain_s=5,
            pace=PACE,
        )
        thread = threading.Thread(target=supervisor.run, args=(stopping.is_set,))
        thread.start()
        try:
            yield
        finally:
            stopping.set()
            thread.join()

    return keep


def count_workers() -> int:
    return sum("tests.jobs.worker_process" in process.info["cmdline"] for process in living(children()))


def children() -> list[psutil.Process]:
    return psutil.Process().children()


def kill_poisoned_workers(storage: Path) -> None:
    """Kill the workers if one of them converts a video that kills its worker."""
    for marker in (storage / "scratch").glob(f"*/{KILLS_THE_WORKER}"):
        for process in living(children()):
            if "tests.jobs.worker_process" in process.info["cmdline"]:
                process.kill()
        marker.unlink(missing_ok=True)


def test_burst_is_processed_by_more_workers_and_none_is_interrupted(
    parts: JobParts,
    upload: Callable[..., SourceView],
    keep_workers: Callable[..., AbstractContextManager[None]],
    mongodb_url: str,
) -> None:
    source = upload()
    with (
        keep_workers("in_half_a_second", min_workers=1, max_workers=3),
        Sampler(mongodb_url, count_workers) as sampler,
    ):
        assert wait_until(lambda: sampler.workers_ready == 1, timeout_s=30)
        for fps in range(1, 17):
            parts.submission.submit("ann", source.id, Recipe(fps=fps))
        assert wait_until(lambda: len(sampler.ends) == 16, timeout_s=30)
        assert wait_until(lambda: sampler.samples[-1].workers == 1, timeout_s=30)
    workers = [sample.workers for sample in sampler.samples]
    assert (workers[0], max(workers), workers[-1]) == (1, 3, 1)
    ran = [(job.state, job.attempts, job.token) for job in JobDocument.objects]
    assert ran == [(JobState.SUCCEEDED, 1, 1)] * 16
    draw("autoscaling", sampler.samples)


def test_video_that_kills_its_workers_becomes_a_dead_letter_and_delays_nobody(
    parts: JobParts,
    upload: Callable[..., SourceView],
    video: bytes,
    keep_workers: Callable[..., AbstractContextManager[None]],
    storage: Path,
) -> None:
    poison = parts.submission.submit("ann", upload(data=video + POISON).id, Recipe())
    others = [
        parts.submission.submit(owner, upload(owner).id, Recipe(fps=fps))
        for owner in ("ann", "bob")
        for fps in range(1, 5)
    ]

    def is_dead() -> bool:
        kill_poisoned_workers(storage)
        return bool(JobDocument.objects.get(id=poison.id).state == JobState.DEAD)

    with keep_workers("poisoned", min_workers=1, max_workers=1):
        assert wait_until(is_dead, timeout_s=60)
    (dead,) = parts.jobs.page("ann", JobQuery(state=JobState.DEAD)).jobs
    assert (dead.id, dead.attempts, dead.error and dead.error.code) == (
        poison.id,
        QUICK.max_attempts,
        "worker-lost",
    )
    documents = list(JobDocument.objects(id__in=[job.id for job in others]))
    assert [(job.state, job.attempts) for job in documents] == [(JobState.SUCCEEDED, 1)] * len(others)
    again_at = JobDocument.objects.get(id=poison.id).started_at
    assert max(job.finished_at for job in documents) < again_at
