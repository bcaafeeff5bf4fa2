"""The goals, and how far a run is from each of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Self

from benchmarks import costs
from benchmarks.clips import KINDS, Kind
from benchmarks.costs import WARM, CoreFigures, Row
from benchmarks.engines import FFMPEG_DIFF, FFMPEG_FULL, GIFAPP, GIFSKI, MOVIEPY
from benchmarks.load import LoadFigures
from benchmarks.looks import SHARE, Looks
from benchmarks.measure import Cost
from benchmarks.quality import DIGITS, Quality
from benchmarks.queue import QueueFigures
from benchmarks.uploads import UploadFigures


@dataclass(frozen=True)
class Run:
    """All measurements of one benchmark run; `by_kind` holds the costs."""

    by_kind: Mapping[Kind, list[Row]]
    looks: list[Looks]
    at_its_ssim: Mapping[str, float]
    against_decoding: Mapping[str, float]
    peak_mb: Mapping[str, float]
    two_cores: Mapping[Kind, CoreFigures]
    start: Cost
    queue: QueueFigures
    load: LoadFigures
    uploads: UploadFigures


@dataclass(frozen=True)
class Goal:
    """The requirement, the measurement, and the shortfall; empty if the goal is met."""

    name: str
    asked: str
    measured: str
    lacking: str

    @classmethod
    def at_most(cls, name: str, limit: float, values: Mapping[str, float], form: str = "{:.2f}") -> Self:
        worst = max(values, key=values.__getitem__)
        lacking = ""
        if values[worst] > limit:
            lacking = f"{values[worst] / limit:.1f} times as much" if limit else "not so"
        return cls(name, f"<= {form.format(limit)}", _in_words(values, form), lacking)

    @classmethod
    def at_least(cls, name: str, limit: float, value: float, remark: str) -> Self:
        lacking = f"{limit - value:.2f}" if value < limit else ""
        return cls(name, f">= {limit:.2f}", f"{value:.2f} ({remark})", lacking)

    @classmethod
    def no_loss(cls, name: str, gains: Mapping[str, float], digits: int, void: Collection[str] = ()) -> Self:
        """Gains that must not be negative; those of `void` never meet the goal, however high."""
        form = f"{{:+.{digits}f}}"
        losses = {name: gain for name, gain in gains.items() if gain < 0 and name not in void}
        lacking = [_in_words(losses, form), f"{', '.join(void)}: too many bytes" if void else ""]
        return cls(name, "no loss", _in_words(gains, form), "; ".join(filter(None, lacking)))


def goals(run: Run) -> list[Goal]:
    return [
        *_cpu(run),
        *_looks(run.looks),
        *_screens(run),
        *_memory(run),
        *_waiting(run),
        *_queue(run.queue),
        *_load(run.load),
        *_uploads(run.uploads),
    ]


def _cpu(run: Run) -> list[Goal]:
    def ratios(peer: str, ours: str) -> dict[str, float]:
        return {kind: costs.ratio(rows, peer, ours=ours) for kind, rows in run.by_kind.items()}

    limits = {GIFSKI: 0.10, FFMPEG_FULL: 0.15, FFMPEG_DIFF: 0.15, MOVIEPY: 0.04}
    measured = {row.engine for rows in run.by_kind.values() for row in rows}
    return [
        *(
            Goal.at_most(f"CPU of {how} against {peer}", limit, ratios(peer, ours), "{:.3f}")
            for ours, how in ((GIFAPP, "the whole command"), (WARM, "a warm worker"))
            for peer, limit in limits.items()
            if peer in measured
        ),
        Goal.at_most("CPU against decoding alone, 10 s and more, warm", 2.0, run.against_decoding),
    ]


def _looks(looks: list[Looks]) -> list[Goal]:
    if not looks:
        return []
    heaviest = {kind: max(look.ratio(look.fitted) for look in _of(looks, kind)) for kind in KINDS}
    gains = {kind: _mean([look.gains(look.fitted) for look in _of(looks, kind)]) for kind in KINDS}
    too_heavy = [kind for kind, ratio in heaviest.items() if ratio > SHARE]
    names = ("PSNR (dB)", "blurred PSNR (dB)", "SSIM", "SSIMULACRA2", "flicker", "crawl")
    return [
        Goal.at_most("bytes against gifski's, `lossy` as it takes", SHARE, heaviest),
        *(
            Goal.no_loss(f"there, {name} against gifski's", _measure_of(gains, at), DIGITS[at], too_heavy)
            for at, name in enumerate(names)
        ),
    ]


def _screens(run: Run) -> list[Goal]:
    name = "screen recordings: bytes against gifski's at its SSIM"
    return [Goal.at_most(name, 0.5, run.at_its_ssim)] if run.at_its_ssim else []


def _memory(run: Run) -> list[Goal]:
    ratio = max(run.peak_mb.values()) / min(run.peak_mb.values())
    return [
        Goal.at_most("peak memory, 1080p to 480 px, 12.5 fps (MB)", 300, run.peak_mb, "{:.0f}"),
        Goal.at_most("the same for 10 s and for 60 s: the larger against the other", 1.2, {"": ratio}),
    ]


def _waiting(run: Run) -> list[Goal]:
    wall: dict[str, float] = {kind: figures.wall for kind, figures in run.two_cores.items()}
    return [
        Goal.at_most("wall time on two cores against one", 0.55, wall),
        Goal.at_most("`gifapp convert`, 1 s clip (s)", 1.5, {"": run.start.wall_s}),
    ]


def _queue(queue: QueueFigures) -> list[Goal]:
    bare = f"two conversions without a queue {queue.two_conversions:.2f}"
    return [
        Goal.at_most("submit to start, idle worker, p50 (ms)", 20, {"": queue.start_p50_ms}, "{:.0f}"),
        Goal.at_most("the same, p95 (ms)", 100, {"": queue.start_p95_ms}, "{:.0f}"),
        Goal.at_most("a job beyond its conversion (ms)", 150, {"": queue.beyond_ms}, "{:.0f}"),
        Goal.at_least("two workers on a core each, times as fast as one", 1.8, queue.two_workers, bare),
    ]


def _load(load: LoadFigures) -> list[Goal]:
    refused = sum(load.errors.values()) + load.events_lost
    return [
        Goal.at_most(
            "200 websockets, 50 requests/s for a minute: errors and lost events", 0, {"": refused}, "{:.0f}"
        ),
        Goal.at_most("reads meanwhile, p95 (ms)", 100, {"": load.read_p95_ms}, "{:.0f}"),
        Goal.at_most(
            "an event on all ten of its owner's sockets, p95 (ms)", 100, {"": load.event_p95_ms}, "{:.0f}"
        ),
    ]


def _uploads(uploads: UploadFigures) -> list[Goal]:
    def remark(ratio: float, answer_s: float) -> str:
        return f"{ratio:.2f} of a bare handler's {uploads.bare_mb_s:.0f}, then {answer_s:.2f} s to the answer"

    post = remark(uploads.post_ratio, uploads.post_answer_s)
    patch = remark(uploads.patch_ratio, uploads.patch_answer_s)
    return [
        Goal.at_least("upload by POST (MB/s)", 200, uploads.post_mb_s, post),
        Goal.at_least("resumable upload (MB/s)", 200, uploads.patch_mb_s, patch),
        Goal.at_most("the web server's growth for 2 GB (MB)", 20, {"": uploads.grew_mb}, "{:.1f}"),
    ]


def _measure_of(gains: Mapping[Kind, Quality], measure: int) -> dict[str, float]:
    return {kind: quality[measure] for kind, quality in gains.items()}


def _of(looks: list[Looks], kind: Kind) -> list[Looks]:
    return [look for look in looks if look.clip.kind == kind]


def _mean(qualities: list[Quality]) -> Quality:
    return Quality(*map(fmean, zip(*qualities, strict=True)))


def _in_words(values: Mapping[str, float], form: str) -> str:
    return ", ".join(f"{name} {form.format(value)}".strip() for name, value in values.items())
