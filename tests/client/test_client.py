"""The client against the whole service."""

import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from gifapp import errors
from gifapp.client import Client
from gifapp.domain.job import JobState
from gifapp.domain.recipes.presets import PRESETS
from gifapp.domain.recipes.recipe import Crop, Recipe
from gifapp.processes import wait_until
from tests.client.conftest import SHORT
from tests.support.clips import real_clip
from tests.support.frames import edits
from tests.support.service import PASSWORD, RunningService


@pytest.mark.timeout(60)
def test_convert_uploads_converts_and_displays_a_gif(
    client: Client, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gif = client.convert(real_clip(), SHORT)
    with Image.open(BytesIO(gif.content)) as picture:
        assert picture.size == (160, 90)
        assert picture.n_frames == gif.job.gif.frames  # type: ignore[union-attr]
    assert gif._repr_mimebundle_().keys() == {"image/gif", "text/plain"}
    assert repr(gif).startswith("ServedGif(160 x 90 px")
    assert gif.save(tmp_path / "saved.gif").read_bytes() == gif.content
    assert client.download(gif.job.id, tmp_path / "fetched.gif").read_bytes() == gif.content
    assert client.rename(gif.job.id, "A/B").name == "A/B"
    assert client.download(gif.job.id, tmp_path) == tmp_path / "A_B.gif"
    (tmp_path / "link.gif").symlink_to("fetched.gif")
    with pytest.raises(OSError, match="it is a link"):
        client.download(gif.job.id, tmp_path / "link.gif")
    assert "Done" in capsys.readouterr().out


@pytest.mark.timeout(60)
def test_convert_makes_other_formats(client: Client) -> None:
    made = client.convert(real_clip(), SHORT.model_copy(update={"format": "mp4"}))
    assert made.content[4:8] == b"ftyp"
    assert made.job.gif is not None
    assert (made.job.gif.format, made.job.gif.bytes) == ("mp4", len(made.content))
    shown = made._repr_mimebundle_()
    assert shown.keys() == {"text/html", "text/plain"}
    assert shown["text/html"].startswith("<video autoplay loop muted playsinline")


@pytest.mark.timeout(90)
def test_finished_gif_has_a_still_that_is_deleted_and_restored_with_it(
    client: Client, service: RunningService
) -> None:
    job = client.convert(real_clip(), SHORT).job
    assert job.gif
    assert job.gif.still_url
    still = httpx.get(f"{service.url}{job.gif.still_url}")
    assert still.headers["Content-Type"] == "image/webp"
    with Image.open(BytesIO(still.content)) as picture:
        assert (picture.format, picture.width) == ("WEBP", job.gif.width_px)
    zipped = client.archive([job.id])
    assert (zipped.files, zipped.bytes) == (1, job.gif.bytes)
    assert client.apply("delete", [job.id]) == [job.id]
    assert httpx.get(f"{service.url}{job.gif.still_url}").status_code == 404
    assert client.restore(job.id) == job
    assert httpx.get(f"{service.url}{job.gif.still_url}").content == still.content


def test_estimate_is_close_to_the_gif(client: Client) -> None:
    source = client.upload(real_clip())
    estimated = client.estimate(source.id, SHORT)
    made = client.convert(real_clip(), SHORT).job.gif
    assert made is not None
    assert estimated.bytes == pytest.approx(made.bytes, rel=0.15)
    assert (estimated.frames, estimated.width_px, estimated.height_px) == (
        made.frames,
        made.width_px,
        made.height_px,
    )


def test_single_frames_are_chosen_before_and_exported_after(client: Client) -> None:
    source = client.upload(real_clip())
    assert client.frame_strip(source.id, SHORT).delays_cs == [8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 12]
    job = client.convert(real_clip(), SHORT.model_copy(update={"frames": edits(3, (0, 50))})).job
    assert job.gif is not None
    assert (job.gif.frames, job.gif.duration_s) == (2, 0.58)
    with zipfile.ZipFile(BytesIO(client.frames(job.id))) as pictures:
        assert pictures.namelist() == ["frame-000-80ms.png", "frame-001-500ms.png"]
        assert pictures.read("frame-001-500ms.png") == client.frame(job.id, 1)
    with Image.open(BytesIO(client.contact_sheet(job.id))) as sheet:
        assert sheet.format == "PNG"


def test_presets_are_those_of_the_service(client: Client) -> None:
    assert client.presets() == list(PRESETS.values())


def test_upload_reports_its_progress(client: Client) -> None:
    progress: list[tuple[int, int]] = []
    source = client.upload(real_clip(), lambda sent, size: progress.append((sent, size)))
    size_bytes = real_clip().stat().st_size
    assert progress[-1] == (size_bytes, size_bytes)
    assert source in client.sources()
    assert client.source(source.id).name == "bigbuckbunny.mp4"
    client.delete_source(source.id)
    assert source not in client.sources()


def test_uploading_a_file_that_is_not_a_video_is_refused(client: Client, tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("not a video")
    with pytest.raises(errors.SourceNotVideo, match="isn't a video format gifapp supports"):
        client.upload(text)


def test_uploading_a_missing_file_names_it(client: Client, tmp_path: Path) -> None:
    with pytest.raises(errors.SourceNotFound, match=r"nothing\.mp4"):
        client.upload(tmp_path / "nothing.mp4")


def test_file_over_the_limit_is_refused_before_it_is_sent(client: Client, tmp_path: Path) -> None:
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(client.limits().max_upload_bytes + 1)  # sparse: it takes no space
    progress: list[int] = []
    with pytest.raises(errors.SourceTooLarge):
        client.upload(huge, lambda sent, _: progress.append(sent))
    assert progress == []


def test_submit_refuses_a_crop_outside_the_source(client: Client) -> None:
    source = client.upload(real_clip())
    with pytest.raises(errors.CropOutsideSource):
        client.submit(source.id, Recipe(crop=Crop(width_px=5000, height_px=10)))


@pytest.mark.timeout(60)
def test_job_is_cancelled_retried_and_deleted(client: Client) -> None:
    source = client.upload(real_clip())
    job = client.submit(source.id, Recipe(fps=50.0, width_px=1280))
    client.cancel(job.id)
    assert final_state(client, job.id) is JobState.CANCELLED
    assert client.retry(job.id).state is JobState.QUEUED
    client.cancel(job.id)
    assert final_state(client, job.id) is JobState.CANCELLED
    client.delete(job.id)
    with pytest.raises(errors.NotFound):
        client.job(job.id)


def test_scheduled_job_waits_for_its_time(client: Client) -> None:
    source = client.upload(real_clip())
    at = datetime.now(UTC) + timedelta(hours=2)
    job = client.submit(source.id, Recipe(fps=3.0), priority="low", run_at=at)
    assert (job.state, job.queue_position, job.is_repeat) == (JobState.QUEUED, None, False)
    assert job.run_at == pytest.approx(at, abs=timedelta(seconds=1))
    assert client.submit(source.id, Recipe(fps=3.0)).is_repeat
    assert job.id in [job.id for job in client.jobs(state=JobState.QUEUED)]
    assert job.id not in [job.id for job in client.jobs(state=JobState.DEAD)]
    assert job.source
    assert job.id in [job.id for job in client.jobs(search=job.source.name, source_id=job.source.id)]
    assert client.jobs(search=job.source.name, format="webp") == []
    client.delete(job.id)


def test_wrong_password_is_refused(service: RunningService, client: Client) -> None:
    assert client.me().email == "ada@example.com"
    with pytest.raises(errors.CredentialsWrong):
        Client.sign_in(service.url, "ada@example.com", PASSWORD + "?")


def test_jobs_are_read_over_several_pages(client: Client) -> None:
    source = client.upload(real_clip())
    submitted = [
        client.submit(source.id, SHORT.model_copy(update={"width_px": px})).id for px in range(20, 73)
    ]
    ids = [job.id for job in client.jobs(limit=53)]
    assert ids == submitted[::-1]


def final_state(client: Client, job_id: str) -> JobState:
    assert wait_until(lambda: client.job(job_id).state.is_final, timeout_s=20)
    return client.job(job_id).state
