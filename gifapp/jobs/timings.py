"""The queue's timeouts and intervals; tests shorten them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Seconds. The clocks of all machines must agree to within a fraction of `lease_s`."""

    lease_s: float = 30.0
    heartbeat_s: float = 1.0  # also how soon a cancel or a lost lease is noticed
    sweep_s: float = 5.0
    renotify_s: float = 15.0  # a due job's wake-up older than this counts as lost and is sent again
    drain_s: float = 8.0  # how long a stopping worker waits for its conversion to finish
    overtime_s: float = 5.0  # a conversion that ignores its own deadline is killed this much later
    storage_s: float = 300.0  # how long an attempt waits for unavailable storage, renewing its lease
    abandoned_s: float = 60.0  # files of a killed upload or attempt are removed when untouched this long
    undo_s: float = 30.0  # deleted jobs and sources can be restored for this long, and are then purged
    upload_s: float = 24 * 3600.0  # a resumable upload expires this long after its last byte
    compare_s: float = 3600.0  # how often storage is checked against the documents
    compare_look_s: float = 60.0  # how often each process checks whether that is due
    orphan_s: float = 3600.0  # files that no document refers to are kept at least this long
    max_attempts: int = 3
