"""Fake clocks and listeners, and damaged files."""

from collections.abc import Callable
from pathlib import Path

from gifapp import errors
from gifapp.domain.job import Phase, Progress


class Impatient:
    """A progress listener that cancels once the fraction reaches a limit."""

    def __init__(self, cancel_at: float = 2.0) -> None:
        self.heard: list[Progress] = []
        self._cancel_at = cancel_at

    def __call__(self, progress: Progress) -> None:
        self.heard.append(progress)
        if progress.fraction >= self._cancel_at:
            raise errors.Cancelled


class CancelledIn:
    """A progress listener that cancels as soon as a phase is reached."""

    def __init__(self, phase: Phase) -> None:
        self.cancellations = 0
        self._phase = phase

    def __call__(self, progress: Progress) -> None:
        if self.cancellations or progress.phase == self._phase:
            self.cancellations += 1
            raise errors.Cancelled


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def truncated(path: Path, *, keep: float) -> Path:
    """The beginning of a file, as an interrupted upload leaves it."""
    data = path.read_bytes()
    return _beside(path, "truncated", data[: int(len(data) * keep)])


def damaged(path: Path, *, every: int, start: int = 4096) -> Path:
    """A copy of the file with some flipped bytes."""
    data = bytearray(path.read_bytes())
    for at in range(start, len(data), every):
        data[at] ^= 0xFF
    return _beside(path, "damaged", bytes(data))


def patched(path: Path, change: Callable[[bytes], bytes]) -> Path:
    """A copy of the file with a forged header."""
    return _beside(path, "patched", change(path.read_bytes()))


def _beside(path: Path, word: str, data: bytes) -> Path:
    changed = path.with_name(f"{word}-{path.name}")
    changed.write_bytes(data)
    return changed
