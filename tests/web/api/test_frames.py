"""Single frames over HTTP: the strip of a video's frames, and exports of finished GIFs."""

import zipfile
from base64 import b64decode
from contextlib import ExitStack
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.jobs.parts import JobParts
from gifapp.web.http.context import Parts
from tests.web.api.conftest import Person, SignUp, is_problem


async def urls_of(person: Person, path: str) -> dict[str, Any]:
    return dict((await person.http.get(f"/api/v1/{path}")).json())


async def test_strip_has_every_frame_that_the_list_may_name(
    ada: Person, stranger: httpx.AsyncClient, source: SourceView
) -> None:
    address = (await urls_of(ada, f"sources/{source.id}"))["strip_url"]
    recipe = {"fps": 20, "segments": [{"end_s": 0.9}], "frames": [{"number": 3}], "rotate": 90}
    strip = (await stranger.post(address, json={"recipe": recipe})).json()
    assert strip["delays_cs"] == [10] * 9  # the video is slower than what the recipe asks for
    with Image.open(BytesIO(b64decode(strip["jpeg"]))) as picture:
        assert picture.size == (16 * strip["tile_width_px"], strip["tile_height_px"])
    assert (strip["tile_width_px"], strip["tile_height_px"]) == (48, 64)
    own = await ada.http.post(f"/api/v1/sources/{source.id}/strip", json={"recipe": recipe})
    assert own.json() == strip


async def test_strip_of_too_many_frames_is_refused_with_what_to_do(ada: Person, source: SourceView) -> None:
    recipe = {"fps": 50, "speed": 0.1, "look": {"fade_in_s": 1}}
    answer = await ada.http.post(f"/api/v1/sources/{source.id}/strip", json={"recipe": recipe})
    assert answer.status_code == 200  # fades do not count
    segments: list[dict[str, float]] = [{}] * 31
    answer = await ada.http.post(
        f"/api/v1/sources/{source.id}/strip", json={"recipe": {"segments": segments}}
    )
    assert is_problem(answer, 422, "too-many-frames")
    assert "310 frames; the limit is 300" in answer.json()["detail"]


async def test_strip_is_for_its_owner(source: SourceView, sign_up: SignUp) -> None:
    answer = await sign_up("eve").http.post(f"/api/v1/sources/{source.id}/strip", json={})
    assert is_problem(answer, 404, "not-found")


async def test_frames_of_a_gif_come_as_a_zip_a_sheet_or_one(
    ada: Person, stranger: httpx.AsyncClient, job: JobView, gif: bytes, storage: Path
) -> None:
    address = (await urls_of(ada, f"jobs/{job.id}"))["gif"]["frames_url"]
    zipped = await stranger.get(address)
    assert (zipped.status_code, zipped.headers["Content-Type"]) == (200, "application/zip")
    assert "clip-0.4s-64px-frames.zip" in zipped.headers["Content-Disposition"]
    with zipfile.ZipFile(BytesIO(zipped.content)) as frames, Image.open(BytesIO(gif)) as shown:
        assert frames.namelist() == [f"frame-{number:03}-100ms.png" for number in range(4)]
        for number, name in enumerate(frames.namelist()):
            shown.seek(number)
            with Image.open(frames.open(name)) as frame:
                assert frame.convert("RGB").tobytes() == shown.convert("RGB").tobytes()
        third = frames.read("frame-002-100ms.png")
    still = await ada.http.get(f"/api/v1/jobs/{job.id}/frames?as=frame&number=2")
    assert (still.headers["Content-Type"], still.content) == ("image/png", third)
    sheet = await ada.http.get(f"/api/v1/jobs/{job.id}/frames?as=sheet")
    with Image.open(BytesIO(sheet.content)) as picture:
        assert picture.format == "PNG"
    assert not list((storage / "scratch").iterdir())


async def test_exports_per_user_are_limited_until_they_are_sent(
    ada: Person, parts: Parts, job: JobView, gif: bytes
) -> None:
    address = f"/api/v1/jobs/{job.id}/frames"
    with ExitStack() as being_sent:
        for _ in range(4):
            being_sent.enter_context(parts.exports.turn(ada.id))
        is_problem(await ada.http.get(address), 429, "too-many-at-once")
    for _ in range(5):
        assert (await ada.http.get(address)).status_code == 200


async def test_export_leaves_a_reserve_of_disk_space(
    ada: Person, jobs: JobParts, job: JobView, gif: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs.frames, "_limits", replace(jobs.limits, reserve_bytes=2**60))
    is_problem(await ada.http.get(f"/api/v1/jobs/{job.id}/frames"), 507, "disk-full")


@pytest.mark.usefixtures("gif")
@pytest.mark.parametrize("query", ["as=frame&number=4", "as=frame&number=-1", "as=film"])
async def test_missing_frame_of_a_gif_is_refused(ada: Person, job: JobView, query: str) -> None:
    answer = await ada.http.get(f"/api/v1/jobs/{job.id}/frames?{query}")
    assert is_problem(answer, 422, "field-invalid")


async def test_job_without_a_gif_has_no_frames(ada: Person, job: JobView) -> None:
    assert is_problem(await ada.http.get(f"/api/v1/jobs/{job.id}/frames"), 409, "job-not-finished")
