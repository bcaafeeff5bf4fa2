"""The queue's time-outs and intervals; tests shorten them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Seconds. The clocks of all machines must agree to within a fraction of `lease_s`."""

    lease_s: float = 30.0
    heartbeat_s: float = 1.0  # also how soon a cancel or a lost lease is noticed
    sweep_s: float = 5.0
    ring_again_s: float = 15.0  # a due job whose wake-up is older may have been forgotten
    drain_s: float = 8.0  # what a stopping worker leaves a conversion to finish
    overtime_s: float = 5.0  # a conversion sees its deadline itself; this much later it is killed
    storage_s: float = 300.0  # an attempt waits so long for a storage that is away, and keeps its lease
    abandoned_s: float = 60.0  # untouched so long, what an upload or attempt of a killed process left goes
    upload_s: float = 24 * 3600.0  # after its last byte, an upload that comes in parts goes
    compare_s: float = 3600.0  # how often storage and documents are compared
    compare_look_s: float = 60.0  # how often each process looks whether it is time for that
    orphan_s: float = 3600.0  # a file that no document names is left alone for so long
    max_attempts: int = 3
