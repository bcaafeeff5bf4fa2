"""The whole service with its media in a bucket, configured as an administrator would."""

import io
import zipfile
from pathlib import Path

import httpx
import pytest
from s3fs import S3FileSystem

from gifapp.client import Client
from gifapp.domain.recipes.recipe import Recipe
from tests.backup.test_backup import gallery, gifapp
from tests.jobs.conftest import files_below
from tests.support.clips import pattern
from tests.support.moto import objects
from tests.support.service import running_service

ADA = "ada@example.org"


def test_bucket_serves_users_and_a_backup_moves_it_to_a_folder(
    bucket: str, outside: S3FileSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    archive, data_dir = tmp_path / "gifapp.tar", tmp_path / "here" / "data"
    clip = pattern(tmp_path / "clip.mp4", size="96x64")
    with monkeypatch.context() as environment:
        environment.setenv("GIFAPP_STORAGE_URL", f"s3://{bucket}")
        with running_service(tmp_path / "here") as here, here.sign_up(ADA) as ada:
            done = ada.convert(clip, Recipe(width_px=48, fps=5))
            assert len(gallery(ada)["jobs"]) == 1
            digest = ada.sources()[0].sha256
            stored = objects(outside, bucket)
            assert stored == {
                f"gifs/{done.job.id}-1.gif",
                f"stills/{done.job.id}-1.webp",
                f"sources/{digest[:2]}/{digest}",
                f"posters/{digest[:2]}/{digest}.jpg",
            }
            assert_served_by_range(here.url, ada, done.job.id, done.content)
            exported = httpx.get(f"{here.url}/api/v1/me/export", headers=signed_in(ada)).raise_for_status()
            with zipfile.ZipFile(io.BytesIO(exported.content)) as zipped:
                assert {name.partition("/")[0] for name in zipped.namelist()} >= {"videos", "gifs"}
            examined = gifapp("doctor", "--data-dir", data_dir)
            assert f"s3://{bucket}, writable" in examined.stdout + examined.stderr
            assert gifapp("backup", archive, "--data-dir", data_dir).returncode == 0
    assert gifapp("restore", archive, "--data-dir", tmp_path / "there").returncode == 0
    storage = tmp_path / "there" / "storage"
    assert (storage / "gifs" / f"{done.job.id}-1.gif").read_bytes() == done.content
    assert {file for file in files_below(storage) if file != "lock"} == stored


def signed_in(client: Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.access_token()}"}


def assert_served_by_range(url: str, client: Client, job_id: str, gif: bytes) -> None:
    address = f"{url}/api/v1/jobs/{job_id}/gif"
    part = httpx.get(address, headers=signed_in(client) | {"Range": "bytes=3-9"})
    assert (part.status_code, part.content) == (206, gif[3:10])
    beyond = httpx.get(address, headers=signed_in(client) | {"Range": f"bytes={len(gif)}-"})
    assert beyond.status_code == 416
