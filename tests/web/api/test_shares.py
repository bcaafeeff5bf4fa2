"""Public links: created, opened, counted, revoked."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gifapp.client import Client
from gifapp.domain.views.jobs import JobView
from gifapp.jobs.db import shares
from gifapp.jobs.db.documents import ShareDocument, utc_now
from gifapp.jobs.parts import JobParts
from gifapp.redaction import redact
from gifapp.web.http.share_links import ShareLinks
from tests.jobs.conftest import purge
from tests.web.api.conftest import SECRET, Person, SignUp, is_problem
from tests.web.api.guards.raw import ask, get


async def shared(person: Person, job: JobView, **wish: Any) -> dict[str, Any]:
    answer = await person.http.post(f"/api/v1/jobs/{job.id}/shares", json=wish)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == body["url"]
    return body


async def listed(person: Person, job: JobView) -> list[dict[str, Any]]:
    answer = await person.http.get(f"/api/v1/jobs/{job.id}/shares")
    shares: list[dict[str, Any]] = answer.json()["shares"]
    return shares


async def test_link_shows_the_gif_to_anybody(
    ada: Person, job: JobView, gif: bytes, stranger: httpx.AsyncClient
) -> None:
    share = await shared(ada, job)
    page = await stranger.get(share["url"])
    assert page.status_code == 200
    assert "clip-0.4s-64px.gif" in page.text
    assert f'property="og:image" content="{share["url"]}/clip-0.4s-64px.gif"' in page.text
    assert 'property="og:image:width" content="64"' in page.text
    file = await stranger.get(f"{share['url']}/clip.gif")
    assert (file.content, file.headers["Content-Type"]) == (gif, "image/gif")
    assert file.headers["Cache-Control"] == "public, max-age=60"
    assert file.headers["Content-Disposition"].startswith('inline; filename="clip-0.4s-64px.gif"')


async def test_only_the_public_page_may_be_framed(
    ada: Person, job: JobView, gif: bytes, stranger: httpx.AsyncClient
) -> None:
    page = await stranger.get((await shared(ada, job))["url"])
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    assert "Set-Cookie" not in page.headers
    assert page.headers["X-Robots-Tag"] == "noindex"
    other = await ada.http.get(f"/api/v1/jobs/{job.id}")
    assert other.headers["X-Frame-Options"] == "DENY"


async def test_list_shows_the_link_again_with_its_views(
    ada: Person, job: JobView, gif: bytes, stranger: httpx.AsyncClient
) -> None:
    share = await shared(ada, job)
    file = f"{share['url']}/clip.gif"
    await stranger.get(file)
    await stranger.get(file, headers={"Range": "bytes=0-9"})
    await stranger.get(file, headers={"Range": "bytes=10-19"})
    tag = (await stranger.head(file)).headers["ETag"]
    assert (await stranger.get(file, headers={"If-None-Match": tag})).status_code == 304
    [again] = await listed(ada, job)
    assert (again["url"], again["views"]) == (share["url"], 2)


async def test_invalid_links_all_look_the_same(
    ada: Person, job: JobView, gif: bytes, stranger: httpx.AsyncClient
) -> None:
    revoked, expired, deleted = [(await shared(ada, job))["url"] for _ in range(3)]
    shares = await listed(ada, job)
    ids = {share["url"]: share["id"] for share in shares}
    assert (await ada.http.delete(f"/api/v1/shares/{ids[revoked]}")).status_code == 204
    ShareDocument.objects(id=ids[expired]).update_one(set__expires_at=utc_now() - timedelta(seconds=1))
    answers = [await stranger.get(url) for url in (revoked, expired)]
    is_problem(await stranger.get(f"{revoked}/clip.gif"), 404, "not-found")
    assert (await ada.http.delete(f"/api/v1/jobs/{job.id}")).status_code == 204
    answers += [await stranger.get(url) for url in (deleted, "/s/nothing", f"/s/{'A' * 43}", "/s/%C3%A9")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, answers[0].text)}
    restored = await ada.http.post(f"/api/v1/jobs/{job.id}/restore")
    assert (restored.status_code, restored.json()["state"]) == (200, "succeeded")
    assert (await stranger.get(deleted)).status_code == 200
    assert (await stranger.get(f"{deleted}/clip.gif")).content == gif


async def test_links_of_a_purged_gif_are_void(
    ada: Person, job: JobView, gif: bytes, jobs: JobParts, stranger: httpx.AsyncClient
) -> None:
    url = (await shared(ada, job))["url"]
    assert (await ada.http.delete(f"/api/v1/jobs/{job.id}")).status_code == 204
    purge(jobs)
    assert ShareDocument.objects(job=job.id).count() == 0
    is_problem(await ada.http.post(f"/api/v1/jobs/{job.id}/restore"), 404, "not-found")
    assert (await stranger.get(url)).status_code == 404


async def test_share_id_alone_gives_no_link(
    ada: Person, job: JobView, gif: bytes, stranger: httpx.AsyncClient
) -> None:
    share = await shared(ada, job)
    token = ShareLinks(SECRET).token(share["id"])
    assert share["url"].endswith(token)
    assert len(token) == 43  # 128 bits of name, 128 of proof
    forged = [ShareLinks(b"another secret of thirty-two bytes").token(share["id"]), token[:-22] + "A" * 22]
    for each in (*forged, token[:22]):
        assert (await stranger.get(f"/s/{each}")).status_code == 404
        is_problem(await stranger.get(f"/s/{each}/clip.gif"), 404, "not-found")


async def test_shared_gif_is_not_cached_beyond_its_expiry(
    ada: Person, job: JobView, gif: bytes, stranger: httpx.AsyncClient
) -> None:
    file = await stranger.get(f"{(await shared(ada, job, expires_in_s=9))['url']}/clip.gif")
    kept_s = int(file.headers["Cache-Control"].removeprefix("public, max-age="))
    assert kept_s <= 9


async def test_share_belongs_to_its_owner(ada: Person, job: JobView, gif: bytes, sign_up: SignUp) -> None:
    share, eve = await shared(ada, job), sign_up("eve")
    for request in (
        eve.http.get(f"/api/v1/jobs/{job.id}/shares"),
        eve.http.post(f"/api/v1/jobs/{job.id}/shares", json={}),
        eve.http.delete(f"/api/v1/shares/{share['id']}"),
    ):
        is_problem(await request, 404, "not-found")
    [untouched] = await listed(ada, job)
    assert untouched["revoked_at"] is None


async def test_share_lasts_a_week_or_a_chosen_time_up_to_a_year(
    ada: Person, job: JobView, gif: bytes
) -> None:
    for seconds in (0, 365 * 24 * 3600 + 1, "7"):
        wish = {"expires_in_s": seconds}
        is_problem(await ada.http.post(f"/api/v1/jobs/{job.id}/shares", json=wish), 422, "field-invalid")
    await shared(ada, job)
    [share] = ShareDocument.objects(job=job.id)
    assert share.expires_at - share.created_at == timedelta(days=7)


async def test_gif_has_at_most_twenty_links(ada: Person, job: JobView, gif: bytes) -> None:
    for _ in range(20):
        last = await shared(ada, job)
    is_problem(await ada.http.post(f"/api/v1/jobs/{job.id}/shares", json={}), 409, "too-many-shares")
    await ada.http.delete(f"/api/v1/shares/{last['id']}")
    await shared(ada, job)


async def test_only_as_many_revoked_links_are_remembered(
    ada: Person, job: JobView, gif: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "MAX_PER_JOB", 3)
    made = [(await shared(ada, job))["id"] for _ in range(2)]
    for _ in range(5):
        made.append((await shared(ada, job))["id"])
        assert (await ada.http.delete(f"/api/v1/shares/{made[-1]}")).status_code == 204
    left = {link["id"]: link["revoked_at"] for link in await listed(ada, job)}
    assert set(left) == {*made[:2], *made[-3:]}
    assert [left[valid] for valid in made[:2]] == [None, None]


async def test_unfinished_job_cannot_be_shared(ada: Person, job: JobView) -> None:
    is_problem(await ada.http.post(f"/api/v1/jobs/{job.id}/shares", json={}), 409, "job-not-finished")


async def test_client_creates_lists_and_revokes_links(
    ada: Person, url: str, job: JobView, gif: bytes
) -> None:
    def visit() -> None:
        with Client(url, ada.session.access_token) as client:
            share = client.share(job.id, expires_in_s=3600)
            assert share.expires_at - share.created_at == timedelta(hours=1)
            assert [share.url for share in client.shares(job.id)] == [share.url]
            client.revoke_share(share.id)
            assert client.shares(job.id)[0].revoked_at is not None

    await asyncio.to_thread(visit)


def respelled(token: str) -> dict[str, str]:
    """Other spellings of a link's URL."""
    by_number = "".join(f"%{ord(letter):02X}" for letter in token)
    last = "AEIMQUYcgkosw048".find(token[-1])
    return {
        "letters by number": f"/s/{by_number}",
        "one letter by number": f"/s/%{ord(token[0]):02x}{token[1:]}",
        "the route by number": f"/%73/{token}",
        "an escaped slash": f"/s%2F{token}",
        "an escaped mark": f"/%3Finvite={token}",
        "upper case": f"/S/{token}",
        "two slashes": f"//s/{token}",
        "two slashes inside": f"/s//{token}",
        "a slash behind": f"/s/{token}/",
        "dots behind": f"/s/{token}..",
        "a folder up": f"/x/../s/{token}",
        "padding": f"/s/{token}=",
        "rubbish inside": f"/s/{token[:9]}.{token[9:]}",
        "a parameter": f"/s/{token};v=1",
        "loose bits": f"/s/{token[:-1]}{'ABCDEFGH'[last % 8]}",
        "the file": f"/s/{by_number}/clip.gif",
        "the file of a longer one": f"/s/{token}=/clip.gif",
        "a host": f"http://here/x/s/{token}",
    }


async def test_only_the_exact_link_works_and_no_spelling_is_logged(
    ada: Person, job: JobView, gif: bytes, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = (await shared(ada, job))["url"].rpartition("/")[2]
    with capture_logs() as ours:
        assert (await ask(url, get(f"/s/{token}"))).status == 200
        assert (await ask(url, get(f"/s/{token}/clip.gif"))).status == 200
        for how, path in respelled(token).items():
            if path != f"/s/{token}":
                answer = await ask(url, get(path, f"Referer: http://here{path}"))
                assert answer.status == 404, how
                assert token[:20] not in str(answer), how
    requests = [redact(log["request"]) for log in ours if log["event"] == "request completed"]
    assert len([line for line in requests if "GET /" in line or "GET …" in line]) >= 18
    logged = [redact(text) for text in map(str, [*ours, *(record.getMessage() for record in caplog.records)])]
    pieces = (token[:12], token[-12:], "".join(f"%{ord(letter):02X}" for letter in token[:5]))
    assert [line for line in logged for piece in pieces if piece in line] == []


async def test_links_of_a_disabled_account_are_void_until_it_is_enabled(
    root: Person, ada: Person, job: JobView, gif: bytes, stranger: httpx.AsyncClient
) -> None:
    link = (await shared(ada, job))["url"]
    own = await ada.http.get(f"/api/v1/jobs/{job.id}")
    addresses = [link, f"{link}/clip.gif", own.json()["gif"]["url"], own.json()["source"]["poster_url"]]
    for disabled, statuses in ((True, [404, 404, 403, 403]), (False, [200, 200, 200, 200])):
        await root.http.patch(f"/api/v1/admin/users/{ada.id}", json={"disabled": disabled})
        assert [(await stranger.get(address)).status_code for address in addresses] == statuses
