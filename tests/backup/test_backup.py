"""A backup of a service in use restores every job, video and GIF."""

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx

from gifapp.client import Client
from gifapp.domain.recipes.recipe import Recipe
from tests.support.clips import pattern
from tests.support.service import PASSWORD, running_service

ADA = "ada@example.org"


def test_backup_of_a_busy_service_restores_every_byte(tmp_path: Path) -> None:
    archive = tmp_path / "gifapp.tar"
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    clip = pattern(tmp_path / "clip.mp4", size="96x64")
    with running_service(tmp_path / "here") as here, here.sign_up(ADA) as ada:
        jobs = [ada.convert(clip, Recipe(width_px=48, fps=5, format=kind)).job for kind in ("gif", "webp")]
        link = ada.share(jobs[0].id).url.rpartition("/s/")[2]
        before = gallery(ada)
        with here.sign_up("ben@example.org") as ben, busy(ben, clip):
            saved = gifapp("backup", archive, "--data-dir", tmp_path / "here" / "data")
        access = ada.access_token()
    assert saved.returncode == 0, saved.stderr
    assert saved.stdout.startswith(f"{archive}: ")
    assert archive.stat().st_mode & 0o777 == 0o600

    data_dir = tmp_path / "there" / "data"
    restored = gifapp("restore", archive, "--data-dir", data_dir)
    assert restored.returncode == 0, restored.stderr
    with running_service(tmp_path / "there") as there:
        with Client.sign_in(there.url, ADA, PASSWORD) as ada:
            assert gallery(ada) == before
        with Client(there.url, access) as still_signed_in:
            assert still_signed_in.me().email == ADA
        with Client.sign_in(there.url, "ben@example.org", PASSWORD) as ben:
            theirs = gallery(ben)["jobs"]
        assert {job["state"] for job in theirs} <= {"queued", "running", "succeeded"}
        assert httpx.get(f"{there.url}/s/{link}").status_code == 200
        again = gifapp("restore", archive, "--data-dir", data_dir)
    assert again.returncode == 1
    assert "is in use by gifapp" in again.stderr
    assert gifapp("restore", archive, "--data-dir", data_dir).stderr == (
        "gifapp: A backup can only be restored into an empty installation, "
        "but the database already contains users. Choose another --data-dir.\n"
    )


def gifapp(*words: str | Path) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "gifapp", *map(str, words)]
    return subprocess.run(argv, check=False, capture_output=True, text=True, timeout=60)


class busy:  # noqa: N801
    """A user who keeps uploading and submitting."""

    def __init__(self, client: Client, clip: Path) -> None:
        self._client, self._clip = client, clip
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> None:
        self._submit(0)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        number = 1
        while not self._stopping.is_set():
            self._submit(number)
            number += 1

    def _submit(self, number: int) -> None:
        source = self._client.upload(self._clip)
        self._client.submit(source.id, Recipe(width_px=24 + number))


def gallery(client: Client) -> dict[str, Any]:
    """Everything the dashboard shows; each picture's URL is replaced by its bytes."""
    headers = {"Authorization": f"Bearer {client.access_token()}"}
    with httpx.Client(base_url=client.url, headers=headers) as http:
        jobs = http.get("/api/v1/jobs").raise_for_status().json()["jobs"]
        sources = http.get("/api/v1/sources").raise_for_status().json()["sources"]
        for job in jobs:
            if job["gif"]:
                job["gif"]["url"] = http.get(f"/api/v1/jobs/{job['id']}/gif").raise_for_status().content
        for source in (*sources, *(job["source"] for job in jobs if job["source"])):
            # signed URLs change every few hours, but what they return does not
            for url, more in (("poster_url", {}), ("frame_url", {"at_s": "0.5"})):
                address = httpx.URL(source[url]).copy_merge_params(more)
                source[url] = http.get(address).raise_for_status().content
        return {"jobs": jobs, "sources": sources}
