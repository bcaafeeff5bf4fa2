"""Media files: ranges, ETags and signed URLs."""

import asyncio
import os
import shutil
import time
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from PIL import Image

from gifapp import errors
from gifapp.domain.filmstrip import TILES
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.web.handlers.media import disposition
from gifapp.web.http.context import Parts
from gifapp.web.http.signing import MediaSigner
from tests.web.api.conftest import SECRET, Person, SignUp, is_problem
from tests.web.visitors import policy_of


@pytest.fixture
async def address(ada: Person, job: JobView, gif: bytes) -> str:
    """The signed URL of a GIF."""
    return str((await ada.http.get(f"/api/v1/jobs/{job.id}")).json()["gif"]["url"])


async def test_gif_is_served(ada: Person, stranger: httpx.AsyncClient, job: JobView, gif: bytes) -> None:
    answer = await ada.http.get(f"/api/v1/jobs/{job.id}/gif")
    assert (answer.status_code, answer.content) == (200, gif)
    assert answer.headers["Content-Type"] == "image/gif"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"
    policy = policy_of(answer)
    assert (policy["default-src"], policy["frame-ancestors"]) == ({"'none'"}, {"'none'"})
    assert policy.keys() == {"default-src", "frame-ancestors", "media-src", "style-src"}
    assert answer.headers["Content-Disposition"].startswith('inline; filename="clip-0.4s-64px.gif"')
    is_problem(await stranger.get(answer.url.path), 401, "not-signed-in")


@pytest.mark.parametrize("job_recipe", [Recipe(format=name) for name in ("avif", "mp4", "webm")])
async def test_other_format_has_its_type_and_name(
    ada: Person, stranger: httpx.AsyncClient, job: JobView, address: str, gif: bytes
) -> None:
    name = job.recipe.format
    content_type = FILE_KINDS[name].content_type
    gif_view = (await ada.http.get(f"/api/v1/jobs/{job.id}")).json()["gif"]
    assert (gif_view["format"], gif_view["content_type"]) == (name, content_type)
    saved = await stranger.get(f"{address}&download=1")
    assert saved.headers["Content-Type"] == content_type
    assert saved.headers["Content-Disposition"].startswith(f'attachment; filename="clip-0.4s-64px.{name}"')
    assert "media-src 'self'" in saved.headers["Content-Security-Policy"]
    part = await stranger.get(address, headers={"Range": "bytes=0-1"})  # Safari begins like this
    assert (part.status_code, part.content, part.headers["Content-Type"]) == (206, gif[:2], content_type)


async def test_signed_url_needs_no_token(stranger: httpx.AsyncClient, address: str, gif: bytes) -> None:
    answer = await stranger.get(address)
    assert (answer.status_code, answer.content) == (200, gif)
    assert "private" in answer.headers["Cache-Control"]
    saved = await stranger.get(f"{address}&download=1")
    assert saved.headers["Content-Disposition"].startswith("attachment;")


RANGES = {
    "bytes=0-9": slice(0, 10),
    "bytes=100-": slice(100, None),
    "bytes=-7": slice(-7, None),
    "bytes=5-99999999": slice(5, None),
}


async def test_range_is_served(stranger: httpx.AsyncClient, address: str, gif: bytes) -> None:
    for byte_range, part in RANGES.items():
        answer = await stranger.get(address, headers={"Range": byte_range})
        assert (answer.status_code, answer.content) == (206, gif[part])
        start, end = part.indices(len(gif))[:2]
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(gif)}"


async def test_unsatisfiable_range_is_refused(stranger: httpx.AsyncClient, address: str, gif: bytes) -> None:
    answer = await stranger.get(address, headers={"Range": f"bytes={len(gif)}-"})
    is_problem(answer, 416, "requested-range-not-satisfiable")
    assert answer.headers["Content-Range"] == f"bytes */{len(gif)}"


async def test_cached_file_is_not_sent_again(stranger: httpx.AsyncClient, address: str) -> None:
    tag = (await stranger.get(address)).headers["ETag"]
    answer = await stranger.get(address, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert (await stranger.get(address, headers={"If-None-Match": '"else"'})).status_code == 200


async def test_download_ends_with_its_file(stranger: httpx.AsyncClient, address: str, storage: Path) -> None:
    [stored] = (storage / "gifs").glob("*.gif")
    os.truncate(stored, 100_000_000)  # more than the kernel's buffers hold
    client = httpx.AsyncClient(base_url=stranger.base_url)
    async with client, client.stream("GET", address) as answer:
        parts = answer.aiter_raw()
        await anext(parts)
        stored.unlink()  # its space is free only when nobody has the file open
        with pytest.raises(httpx.RemoteProtocolError):
            async for _ in parts:
                pass


async def test_head_sends_no_body(stranger: httpx.AsyncClient, address: str, gif: bytes) -> None:
    answer = await stranger.head(address)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(gif))


async def test_tampered_url_is_refused(
    stranger: httpx.AsyncClient, ada: Person, job: JobView, address: str, sign_up: SignUp
) -> None:
    parts = urlsplit(address)
    good = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (await stranger.get(f"{parts.path}?{urlencode(good)}")).status_code == 200
    changes = [
        {"owner": sign_up("eve").id},
        {"expires": "9999999999"},
        {"expires": "soon"},
        {"signature": good["signature"][:-1]},
        {"signature": "é"},
        {"signature": ""},
    ]
    for change in changes:
        answer = await stranger.get(f"{parts.path}?{urlencode({**good, **change})}")
        is_problem(answer, 403, "media-link-invalid")
    is_problem(await stranger.get(parts.path), 403, "media-link-invalid")
    forged = MediaSigner(b"another secret of thirty-two bytes").address("gifs", job.id, ada.id)
    is_problem(await stranger.get(forged), 403, "media-link-invalid")
    is_problem(await stranger.get(f"/media/gifs/else?{parts.query}"), 403, "media-link-invalid")
    is_problem(await stranger.get(address.replace("/gifs/", "/posters/")), 403, "media-link-invalid")


@pytest.fixture
async def frame_url(ada: Person, source: SourceView) -> str:
    """The signed URL of a video's frames."""
    return str((await ada.http.get(f"/api/v1/sources/{source.id}")).json()["frame_url"])


async def test_frame_is_the_picture_at_its_time(
    ada: Person, stranger: httpx.AsyncClient, source: SourceView, frame_url: str
) -> None:
    first, last, past = [await stranger.get(f"{frame_url}&at_s={at_s}") for at_s in (0, 0.95, 60)]
    assert first.headers["Content-Type"] == "image/jpeg"
    with Image.open(BytesIO(first.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (64, 48))
    assert first.content != last.content == past.content
    plain = await ada.http.get(f"/api/v1/sources/{source.id}/frame", params={"at_s": 0.95})
    assert plain.content == last.content
    is_problem(await stranger.get(plain.url.path), 401, "not-signed-in")


async def test_cached_frame_is_not_decoded_again(
    stranger: httpx.AsyncClient, frame_url: str, storage: Path
) -> None:
    address = f"{frame_url}&at_s=0.5"
    tag = (await stranger.get(address)).headers["ETag"]
    shutil.rmtree(storage / "sources")
    assert (await stranger.get(address, headers={"If-None-Match": tag})).status_code == 304


async def test_invalid_time_has_no_frame(stranger: httpx.AsyncClient, frame_url: str) -> None:
    for at_s in ("-1", "nan", "inf", "soon"):
        problem = is_problem(await stranger.get(f"{frame_url}&at_s={at_s}"), 422, "field-invalid")
        assert problem["field"] == "at_s"


async def test_too_many_concurrent_frames_are_refused(
    stranger: httpx.AsyncClient, frame_url: str, parts: Parts
) -> None:
    requests = [stranger.get(f"{frame_url}&at_s={number / 20}") for number in range(20)]
    statuses = {answer.status_code for answer in await asyncio.gather(*requests)}
    assert statuses == {200, 429}
    assert parts.frames.is_idle


async def test_filmstrip_shows_the_whole_video_and_is_made_once(
    ada: Person, stranger: httpx.AsyncClient, source: SourceView, storage: Path
) -> None:
    address = (await ada.http.get(f"/api/v1/sources/{source.id}")).json()["filmstrip_url"]
    strip = await stranger.get(address)
    assert strip.headers["Content-Type"] == "image/jpeg"
    with Image.open(BytesIO(strip.content)) as picture:
        assert picture.size == (TILES * 64, 48)
    shutil.rmtree(storage / "sources")
    assert (await stranger.get(address)).content == strip.content
    tag = strip.headers["ETag"]
    assert (await stranger.get(address, headers={"If-None-Match": tag})).status_code == 304
    is_problem(await stranger.get(address.split("?")[0]), 403, "media-link-invalid")


@pytest.fixture
async def video_url(ada: Person, source: SourceView) -> str:
    """The signed URL of the original video."""
    return str((await ada.http.get(f"/api/v1/sources/{source.id}")).json()["video_url"])


async def test_original_is_served_as_video_only(
    ada: Person, stranger: httpx.AsyncClient, source: SourceView, video_url: str, video: bytes
) -> None:
    answer = await stranger.get(video_url)
    assert (answer.status_code, answer.content) == (200, video)
    assert answer.headers["Content-Type"] == source.video_type == "video/mp4"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert policy_of(answer) == {"default-src": {"'none'"}, "frame-ancestors": {"'none'"}, "sandbox": set()}
    own = await ada.http.get(f"/api/v1/sources/{source.id}/video")
    assert own.content == video
    is_problem(await stranger.get(own.url.path), 401, "not-signed-in")
    is_problem(await stranger.get(video_url.replace("owner=", "owner=x")), 403, "media-link-invalid")


async def test_original_is_served_in_ranges(
    stranger: httpx.AsyncClient, video_url: str, video: bytes
) -> None:
    part = await stranger.get(video_url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, video[10:20])
    beyond = await stranger.get(video_url, headers={"Range": f"bytes={len(video)}-"})
    is_problem(beyond, 416, "requested-range-not-satisfiable")
    same = await stranger.get(video_url, headers={"Range": "bytes=0-1", "If-Range": part.headers["ETag"]})
    other = await stranger.get(video_url, headers={"Range": "bytes=0-1", "If-Range": '"else"'})
    assert (same.status_code, other.status_code, other.content) == (206, 200, video)


async def test_original_that_browsers_cannot_play_is_refused(ada: Person) -> None:
    gif = BytesIO()
    Image.new("RGB", (20, 10)).save(gif, "GIF")
    added = (await ada.http.post("/api/v1/sources?name=a.gif", content=gif.getvalue())).json()
    assert (added["video_url"], added["video_type"]) == (None, None)
    is_problem(await ada.http.get(f"/api/v1/sources/{added['id']}/video"), 404, "not-found")


async def test_deleted_gif_is_gone(
    ada: Person, stranger: httpx.AsyncClient, address: str, job: JobView
) -> None:
    await ada.http.delete(f"/api/v1/jobs/{job.id}")
    is_problem(await stranger.get(address), 404, "not-found")


def test_signed_url_is_stable_for_hours_and_then_expires() -> None:
    now_s = 1_000_000.0
    signer = MediaSigner(SECRET, window_s=3600, now=lambda: now_s)

    def query_of(link: str) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}

    address = signer.address("gifs", "j", "ada")
    now_s = float(int(query_of(address)["expires"]) - 3601)
    assert signer.address("gifs", "j", "ada") == address
    now_s += 3600
    assert signer.address("gifs", "j", "ada") != address
    assert signer.owner("gifs", "j", query_of(address)) == "ada"
    now_s += 2
    with pytest.raises(errors.MediaLinkInvalid):
        signer.owner("gifs", "j", query_of(address))
    address = MediaSigner(SECRET).address("gifs", "j", "ada")
    assert 6 * 3600 <= int(query_of(address)["expires"]) - time.time() <= 12 * 3600


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("clip.gif", "filename=\"clip.gif\"; filename*=UTF-8''clip.gif"),
        ("Ünï 🎬.gif", "filename=\"_n_ _.gif\"; filename*=UTF-8''%C3%9Cn%C3%AF%20%F0%9F%8E%AC.gif"),
        ('a"b\\c/d.gif', "filename=\"abcd.gif\"; filename*=UTF-8''abcd.gif"),
        (
            "a\r\nSet-Cookie: x=1.gif",
            "filename=\"aSet-Cookie: x=1.gif\"; filename*=UTF-8''aSet-Cookie%3A%20x%3D1.gif",
        ),
        (".gif", "filename=\"gif\"; filename*=UTF-8''gif"),
        ("50% off.gif", "filename=\"50% off.gif\"; filename*=UTF-8''50%25%20off.gif"),
    ],
)
def test_file_name_cannot_inject_headers(name: str, header: str) -> None:
    assert disposition("inline", name) == f"inline; {header}"


async def test_proxy_is_a_webm_with_ranges_for_its_owner(
    ada: Person, stranger: httpx.AsyncClient, source: SourceView
) -> None:
    address = (await ada.http.get(f"/api/v1/sources/{source.id}")).json()["proxy_url"]
    whole = await stranger.get(address, timeout=120)
    assert (whole.status_code, whole.headers["Content-Type"]) == (200, "video/webm")
    assert "sandbox" in whole.headers["Content-Security-Policy"]
    part = await stranger.get(address, headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, whole.content[:4])
    plain = f"/api/v1/sources/{source.id}/proxy"
    is_problem(await stranger.get(plain), 401, "not-signed-in")
    await ada.http.delete(f"/api/v1/sources/{source.id}")
    is_problem(await stranger.get(address), 404, "not-found")
