"""Checks after a chaos run, on MongoDB, the storage and the log; each lists its violations."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymongo
from PIL import Image

from gifapp.domain.job import JobState

Documents = list[dict[str, Any]]


@dataclass(frozen=True)
class Audit:
    jobs: Documents
    sources: Documents
    storage: Path
    log: Path

    @classmethod
    def of(cls, mongodb_url: str, data_dir: Path) -> "Audit":
        with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
            database = client.get_default_database()
            jobs, sources = (list(database[name].find()) for name in ("jobs", "sources"))
        return cls(jobs, sources, data_dir / "storage", data_dir / "logs" / "workers.log")

    def unfinished(self) -> list[str]:
        return [job["_id"] for job in self.jobs if not JobState(job["state"]).is_final]

    def lost(self, accepted: set[str]) -> list[str]:
        """Accepted jobs that are missing or unfinished, and succeeded jobs without their GIF."""
        ended = {job["_id"] for job in self.jobs} - set(self.unfinished())
        without_gif = [job["_id"] for job in self._succeeded() if not self._is_whole(job["gif"])]
        return sorted(accepted - ended) + without_gif

    def duplicates(self, accepted: set[str]) -> list[str]:
        """Jobs whose id no user received: a repeated submit created a second job."""
        return sorted({job["_id"] for job in self.jobs} - accepted)

    def completed_twice(self) -> list[str]:
        """Jobs completed more than once, by a worker's log, their files or their own history."""
        files = Counter(path.name.partition("-")[0] for path in (self.storage / "gifs").iterdir())
        logged = Counter(
            line["job_id"] for line in self._logged("attempt settled") if line["state"] == JobState.SUCCEEDED
        )
        by_both = {job_id for count in (files, logged) for job_id, times in count.items() if times > 1}
        return sorted(by_both | {job["_id"] for job in self._succeeded() if not _adds_up(job)})

    def strays(self) -> list[str]:
        """Files that no document refers to, and referenced files that are missing."""
        root = self.storage
        stored = {
            str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != "lock"
        }
        left = {
            str(path.relative_to(root))
            for name in ("incoming", "scratch")
            for path in (root / name).iterdir()
        }
        return sorted((stored ^ self._named()) | left)

    def _named(self) -> set[str]:
        digests = {source["sha256"] for source in self.sources}
        videos = {f"sources/{digest[:2]}/{digest}" for digest in digests}
        posters = {f"posters/{digest[:2]}/{digest}.jpg" for digest in digests}
        keys = [job["gif"]["key"] for job in self.jobs if job.get("gif")]
        return videos | posters | {f"gifs/{key}.gif" for key in keys} | {f"stills/{key}.webp" for key in keys}

    def _succeeded(self) -> Documents:
        return [job for job in self.jobs if job["state"] == JobState.SUCCEEDED]

    def _is_whole(self, gif: dict[str, Any]) -> bool:
        path = self.storage / "gifs" / f"{gif['key']}.gif"
        if not path.exists() or path.stat().st_size != gif["bytes"]:
            return False
        with Image.open(path) as picture:
            picture.seek(picture.n_frames - 1)
            return (picture.n_frames, *picture.size) == (gif["frames"], gif["width_px"], gif["height_px"])

    def _logged(self, event: str) -> Documents:
        logs = sorted(self.log.parent.glob(f"{self.log.name}*"))
        lines = (line for log in logs for line in log.read_text().splitlines() if line.startswith("{"))
        return [entry for entry in map(json.loads, lines) if entry.get("event") == event]


def _adds_up(job: dict[str, Any]) -> bool:
    """Whether the newest claim made the GIF and each earlier attempt has its own error."""
    attempts = [error["attempt"] for error in job["errors"]]
    return (
        job["gif"]["key"] == f"{job['_id']}-{job['token']}"
        and attempts == list(range(1, job["attempts"]))
        and job["token"] >= job["attempts"]
    )
