"""Limits for one source, one conversion and one user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from gifapp import errors

MIN_RETENTION_DAYS = 0.01  # shorter, and a video could expire while somebody is using it


@dataclass(frozen=True)
class Limits:
    """Limits on every source and every conversion."""

    max_upload_bytes: int = 500_000_000
    max_duration_s: float = 300.0  # of the clip a recipe selects, not of the source
    max_pixels: int = 8192 * 4320  # of a source's frame
    max_composed_pixels: int = 2_000_000_000  # of all pictures that one conversion decodes and composes
    max_decoded_pixels: int = 100_000_000_000  # of all frames that one conversion decodes from a video
    max_gif_bytes: int = 500_000_000
    deadline_s: float = 600.0  # of one conversion, wall clock
    memory_bytes: int = 4 * 1024**3  # address space of the processes of one conversion
    reserve_bytes: int = 500_000_000  # disk space that uploads may not use


@dataclass(frozen=True)
class Allowance:
    """What one user may use; None means no limit."""

    running: int | None = None  # jobs at the same time
    jobs_per_hour: int | None = None
    stored_bytes: int | None = None  # of videos and GIFs
    retention_days: float | None = None  # how long finished jobs and unused videos are kept

    @property
    def retention(self) -> timedelta | None:
        return None if self.retention_days is None else timedelta(days=self.retention_days)


@dataclass(frozen=True)
class QuotaUsage:
    """What one user stores, and their quota; None means no limit."""

    used_bytes: int
    limit_bytes: int | None

    def check(self, more_bytes: int) -> None:
        """Check that `more_bytes` fit into the quota.

        Raises:
            errors.QuotaExceeded: they do not.
        """
        if self.limit_bytes is not None and self.used_bytes + more_bytes > self.limit_bytes:
            raise errors.QuotaExceeded(used_bytes=self.used_bytes, limit_bytes=self.limit_bytes)
