"""Administrators over HTTP: accounts, invitations, reset links, the audit log."""

import asyncio

import httpx
import pytest
import segno

from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.identity.service import Identity
from gifapp.web.handlers.events import SIGN_IN_AGAIN
from tests.web.api.conftest import PASSWORD, Person, SignUp, is_problem
from tests.web.api.test_events import listening

USERS = "/api/v1/admin/users"
LINKS = "/api/v1/admin/links"


@pytest.fixture
def root(sign_up: SignUp) -> Person:
    return sign_up("root", "administrator")


async def test_accounts_are_listed(root: Person, ada: Person, source: SourceView) -> None:
    first = (await root.http.get(USERS, params={"limit": 1})).json()
    rest = (await root.http.get(USERS, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    [newer], [older] = first["users"], rest["users"]
    assert (newer["email"], newer["role"], newer["disabled"]) == ("ada@example.org", "user", False)
    assert newer["stored_bytes"] == source.bytes
    assert newer["created_at"]
    assert newer["last_seen_at"]
    assert (older["id"], older["stored_bytes"], rest["next_cursor"]) == (root.id, 0, None)
    is_problem(await root.http.get(USERS, params={"cursor": "x"}), 422, "field-invalid")


async def test_disabled_account_is_rejected_at_once(url: str, root: Person, ada: Person) -> None:
    async with listening(url, ada.session.access_token) as socket:
        assert (await socket.next())["type"] == "ready"
        answer = await root.http.patch(f"{USERS}/{ada.id}", json={"disabled": True})
        assert answer.json()["disabled"] is True
        is_problem(await ada.http.get("/api/v1/me"), 401, "token-invalid")
        assert await socket.end() == SIGN_IN_AGAIN
    login = {"email": "ada@example.org", "password": PASSWORD}
    is_problem(await ada.http.post("/api/v1/auth/login", json=login), 401, "credentials-wrong")
    await root.http.patch(f"{USERS}/{ada.id}", json={"disabled": False})
    assert (await ada.http.post("/api/v1/auth/login", json=login)).status_code == 200


async def test_account_has_a_quota_of_its_own(root: Person, ada: Person, video: bytes) -> None:
    answer = await root.http.patch(f"{USERS}/{ada.id}", json={"quota_bytes": 100})
    assert (answer.json()["quota_bytes"], answer.json()["role"]) == (100, "user")
    assert (await ada.http.get("/api/v1/me")).json()["quota_bytes"] == 100
    is_problem(await ada.http.post("/api/v1/sources", content=video), 413, "quota-exceeded")
    assert (await root.http.post("/api/v1/sources", content=video)).status_code == 201
    answer = await root.http.patch(f"{USERS}/{ada.id}", json={"quota_bytes": None})
    assert answer.json()["quota_bytes"] is None
    assert (await ada.http.post("/api/v1/sources", content=video)).status_code == 201
    is_problem(await root.http.patch(f"{USERS}/{ada.id}", json={"quota_bytes": 0}), 422, "field-invalid")
    is_problem(await ada.http.patch(f"{USERS}/{ada.id}", json={"quota_bytes": 1}), 403, "administrators-only")


async def test_links_come_with_a_qr_code(root: Person, ada: Person) -> None:
    for path in ("/api/v1/admin/invites", f"{USERS}/{ada.id}/reset-link"):
        link = (await root.http.post(path)).json()
        address = f"{root.http.base_url}".rstrip("/") + link["path"]
        assert link["url"] == address
        assert link["qr"] == segno.make(address, error="m").svg_data_uri(scale=5, dark="#000", light="#fff")


async def test_role_is_changed(root: Person, ada: Person) -> None:
    await root.http.patch(f"{USERS}/{ada.id}", json={"role": "administrator"})
    assert (await ada.http.get(f"{USERS}/{root.id}")).json()["email"] == "root@example.org"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({}, (422, "field-invalid")),
        ({"role": "king"}, (422, "field-invalid")),
        ({"email": "x@example.org"}, (422, "field-invalid")),
        ({"disabled": True}, (409, "last-administrator")),
        ({"role": "user"}, (409, "last-administrator")),
    ],
)
async def test_impossible_change_is_refused(
    root: Person, body: dict[str, object], problem: tuple[int, str]
) -> None:
    is_problem(await root.http.patch(f"{USERS}/{root.id}", json=body), *problem)


async def test_account_is_deleted_with_all_its_data(
    root: Person, ada: Person, job: JobView, gif: bytes, identity: Identity
) -> None:
    assert (await root.http.delete(f"{USERS}/{ada.id}")).status_code == 204
    is_problem(await root.http.get(f"{USERS}/{ada.id}"), 404, "not-found")
    is_problem(await root.http.delete(f"{USERS}/{root.id}"), 409, "last-administrator")
    assert [user.email for user in identity.people.everybody()] == ["root@example.org"]


async def test_links_are_created(root: Person, ada: Person, stranger: httpx.AsyncClient) -> None:
    reset = (await root.http.post(f"{USERS}/{ada.id}/reset-link")).json()
    assert reset["path"] == f"/?reset={reset['token']}"
    body = {"token": reset["token"], "new_password": "battery staple"}
    assert (await stranger.post("/api/v1/auth/reset", json=body)).status_code == 200
    invite = (await root.http.post("/api/v1/admin/invites")).json()
    assert invite["path"] == f"/?invite={invite['token']}"
    account = {"email": "bob@example.org", "password": PASSWORD, "invite": invite["token"]}
    assert (await stranger.post("/api/v1/auth/register", json=account)).status_code == 201


async def test_open_links_are_listed_and_revoked(
    root: Person, ada: Person, stranger: httpx.AsyncClient, identity: Identity
) -> None:
    reset = (await root.http.post(f"{USERS}/{ada.id}/reset-link")).json()
    invite = (await root.http.post("/api/v1/admin/invites")).json()
    first = (await root.http.get(LINKS, params={"limit": 1})).json()
    rest = (await root.http.get(LINKS, params={"cursor": first["next_cursor"]})).json()
    [newer], [older] = first["links"], rest["links"]
    assert (newer["id"], newer["kind"], newer["by_email"], newer["email"]) == (
        invite["id"],
        "invitation",
        "root@example.org",
        None,
    )
    assert (older["id"], older["kind"], older["email"]) == (reset["id"], "reset", "ada@example.org")
    assert invite["token"] not in str(first) + str(rest)
    assert (await root.http.delete(f"{LINKS}/{reset['id']}")).status_code == 204
    body = {"token": reset["token"], "new_password": "battery staple"}
    is_problem(await stranger.post("/api/v1/auth/reset", json=body), 403, "reset-link-invalid")
    is_problem(await root.http.delete(f"{LINKS}/{reset['id']}"), 404, "not-found")
    [event] = identity.audit.page(kind="link-revoked").events
    assert (event.by_id, event.user_id, event.address) == (root.id, ada.id, "127.0.0.1")


async def test_links_of_a_former_administrator_are_void(
    root: Person, sign_up: SignUp, ada: Person, stranger: httpx.AsyncClient
) -> None:
    other = sign_up("other", "administrator")
    reset = (await other.http.post(f"{USERS}/{ada.id}/reset-link")).json()["token"]
    invite = (await other.http.post("/api/v1/admin/invites")).json()["token"]
    await root.http.patch(f"{USERS}/{other.id}", json={"disabled": True})
    body = {"token": reset, "new_password": "battery staple"}
    is_problem(await stranger.post("/api/v1/auth/reset", json=body), 403, "reset-link-invalid")
    account = {"email": "bob@example.org", "password": PASSWORD, "invite": invite}
    is_problem(await stranger.post("/api/v1/auth/register", json=account), 403, "invite-invalid")
    assert (await root.http.get(LINKS)).json()["links"] == []


async def test_administrators_api_token_cannot_read_or_change_accounts(
    root: Person, ada: Person, stranger: httpx.AsyncClient
) -> None:
    made = await root.http.post("/api/v1/me/tokens", json={"name": "watch", "scopes": ["admin"]})
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    assert (await stranger.get(USERS, headers=headers)).status_code == 200
    assert (await stranger.get("/api/v1/admin/queue", headers=headers)).status_code == 200
    for path in (f"{USERS}/{root.id}/reset-link", f"{USERS}/{ada.id}/reset-link"):
        is_problem(await stranger.post(path, headers=headers), 403, "session-needed")


async def test_api_token_of_a_former_administrator_has_no_admin_access(
    root: Person, sign_up: SignUp, stranger: httpx.AsyncClient
) -> None:
    other = sign_up("other", "administrator")
    made = await other.http.post("/api/v1/me/tokens", json={"name": "watch", "scopes": ["admin"]})
    await root.http.patch(f"{USERS}/{other.id}", json={"role": "user"})
    headers = {"Authorization": f"Bearer {made.json()['token']}"}
    is_problem(await stranger.get(USERS, headers=headers), 401, "token-invalid")


async def test_audit_log_is_read(root: Person, ada: Person, stranger: httpx.AsyncClient) -> None:
    login = {"email": "ada@example.org", "password": "wrong horse"}
    failed = await stranger.post("/api/v1/auth/login", json=login)
    query = {"user": ada.id, "kind": "sign-in-failed"}
    [event] = (await root.http.get("/api/v1/admin/audit", params=query)).json()["events"]
    assert (event["email"], event["address"]) == ("ada@example.org", "127.0.0.1")
    assert event["request_id"] == failed.headers["X-Request-Id"]
    page = (await root.http.get("/api/v1/admin/audit", params={"limit": 2})).json()
    assert len(page["events"]) == 2
    more = await root.http.get("/api/v1/admin/audit", params={"limit": 2, "cursor": page["next_cursor"]})
    assert more.json()["events"][0]["id"] < page["events"][1]["id"]
    is_problem(await root.http.get("/api/v1/admin/audit", params={"kind": "x"}), 422, "field-invalid")


async def test_events_of_concurrent_requests_keep_their_address(root: Person, sign_up: SignUp) -> None:
    people = [sign_up(f"p{number}") for number in range(6)]
    answers = await asyncio.gather(*(person.http.delete("/api/v1/me/tokens") for person in people))
    assert {answer.status_code for answer in answers} == {200}
    made = await asyncio.gather(
        *(person.http.post("/api/v1/me/tokens", json={"name": "x"}) for person in people)
    )
    events = (await root.http.get("/api/v1/admin/audit", params={"kind": "token-made"})).json()["events"]
    known = {user.id: answer.headers["X-Request-Id"] for user, answer in zip(people, made, strict=True)}
    assert {event["user_id"]: event["request_id"] for event in events} == known
