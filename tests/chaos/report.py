"""Reports a chaos run as text and as a chart."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from typing import Any

from tests.chaos.faults import Fault
from tests.chaos.sampler import Sample

RESULTS = Path(__file__).parents[2] / "test-results"


def counted(counts: Counter[Any]) -> str:
    """The counts as `2 this, 1 that`, most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in counts.most_common()) or "none"


def about_jobs(jobs: list[dict[str, Any]]) -> list[str]:
    states, attempts = (Counter(job[name] for job in jobs) for name in ("state", "attempts"))
    releases = sum(job["token"] - job["attempts"] for job in jobs)
    codes = Counter(error["code"] for job in jobs for error in job["errors"])
    tries = ", ".join(f"{count} jobs: {number}" for number, count in sorted(attempts.items()))
    return [
        f"ended as:         {counted(states)}",
        f"attempts:         {tries}; {releases} clean releases",
        f"failed attempts:  {counted(codes)}",
        f"from submit to the attempt that counts: {_waits(jobs)}",
    ]


def _waits(jobs: list[dict[str, Any]]) -> str:
    waited: dict[bool, list[float]] = {True: [], False: []}
    for job in jobs:
        waited[job["token"] > 1].append((job["started_at"] - job["created_at"]).total_seconds())
    words = {False: "undisturbed", True: "interrupted"}
    return "; ".join(
        f"{words[interrupted]} {len(times)} jobs, median {median(times):.1f} s, longest {max(times):.1f} s"
        for interrupted, times in waited.items()
        if times
    )


def draw(name: str, samples: list[Sample], faults: Iterable[Fault] = ()) -> Path:
    """Draw queue length, workers and faults over time as `test-results/<name>.png`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    times = [sample.at_s for sample in samples]
    figure, (above, below) = pyplot.subplots(2, sharex=True, figsize=(11, 6), layout="constrained")
    for label, values in (
        ("queued", [sample.queued for sample in samples]),
        ("running", [sample.running for sample in samples]),
    ):
        above.plot(times, [float("nan") if value is None else value for value in values], label=label)
    above.set_ylabel("jobs (gaps: MongoDB was down)")
    below.step(
        times, [sample.workers for sample in samples], where="post", color="tab:green", label="workers"
    )
    below.set(xlabel="seconds", ylabel="workers", ylim=(0, None))
    for index, kind in enumerate(sorted({fault.kind for fault in faults})):
        hits = [fault.at_s for fault in faults if fault.kind == kind]
        below.plot(hits, [0.15 + 0.25 * index] * len(hits), "|", markersize=10, label=kind)
    above.legend(loc="upper right")
    below.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=8)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.png"
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
    return path
