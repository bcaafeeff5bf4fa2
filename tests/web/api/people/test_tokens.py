"""API tokens over HTTP: created, used, limited, revoked."""

import asyncio

import httpx
import pytest

from gifapp.client import Client
from gifapp.domain.views.jobs import JobView, SourceView
from gifapp.identity.service import Identity
from gifapp.web.handlers.events import SIGN_IN_AGAIN
from tests.web.api.conftest import Person, is_problem
from tests.web.api.test_events import listening

TOKENS = "/api/v1/me/tokens"


async def made(person: Person, *scopes: str) -> dict[str, str]:
    answer = await person.http.post(TOKENS, json={"name": "backup", "scopes": list(scopes)})
    assert answer.status_code == 201
    body: dict[str, str] = answer.json()
    return body


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_token_is_created_shown_once_used_and_revoked(ada: Person, stranger: httpx.AsyncClient) -> None:
    token = await made(ada, "read")
    assert token["token"].startswith("gifapp_")
    [listed] = (await ada.http.get(TOKENS)).json()["tokens"]
    assert listed == {name: value for name, value in token.items() if name != "token"}
    me = await stranger.get("/api/v1/me", headers=bearer(token["token"]))
    assert me.json()["id"] == ada.id
    assert (await ada.http.get(TOKENS)).json()["tokens"][0]["last_used_at"]
    assert (await ada.http.delete(f"{TOKENS}/{token['id']}")).status_code == 204
    is_problem(await stranger.get("/api/v1/me", headers=bearer(token["token"])), 401, "token-invalid")
    is_problem(await ada.http.delete(f"{TOKENS}/{token['id']}"), 404, "not-found")


async def test_all_tokens_are_revoked_together(ada: Person) -> None:
    for _ in range(2):
        await made(ada, "read")
    assert (await ada.http.delete(TOKENS)).json() == {"revoked": 2}
    assert (await ada.http.get(TOKENS)).json() == {"tokens": []}


async def test_missing_scope_is_named(ada: Person, stranger: httpx.AsyncClient, job: JobView) -> None:
    token = (await made(ada, "read"))["token"]
    answer = await stranger.delete(f"/api/v1/jobs/{job.id}", headers=bearer(token))
    assert is_problem(answer, 403, "scope-missing")["scope"] == "write"
    assert (await ada.http.get(f"/api/v1/jobs/{job.id}")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", TOKENS), ("DELETE", TOKENS), ("POST", "/api/v1/auth/password"), ("DELETE", "/api/v1/me")],
)
async def test_api_token_cannot_take_over_the_account(
    ada: Person, stranger: httpx.AsyncClient, method: str, path: str
) -> None:
    token = (await made(ada, "read", "write"))["token"]
    answer = await stranger.request(method, path, json={}, headers=bearer(token))
    is_problem(answer, 403, "session-needed")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": ""}, (422, "field-invalid")),
        ({"name": "x" * 101}, (422, "field-invalid")),
        ({"name": "\u202e\x1b\0"}, (422, "field-invalid")),
        ({"scopes": []}, (422, "field-invalid")),
        ({"scopes": ["everything"]}, (422, "field-invalid")),
        ({"scopes": ["admin"]}, (403, "administrators-only")),
        ({"expires_at": "2020-01-01T00:00:00Z"}, (422, "field-invalid")),
        ({"expires_at": "tomorrow"}, (422, "field-invalid")),
    ],
)
async def test_malformed_token_is_refused(
    ada: Person, change: dict[str, object], problem: tuple[int, str]
) -> None:
    is_problem(await ada.http.post(TOKENS, json={"name": "backup", **change}), *problem)


async def test_websocket_closes_when_its_token_is_revoked(url: str, ada: Person) -> None:
    token = await made(ada, "read")
    async with listening(url, token["token"]) as socket:
        assert (await socket.next())["type"] == "ready"
        await asyncio.sleep(0.4)  # longer than the interval of checks
        await ada.http.delete(f"{TOKENS}/{token['id']}")
        assert await socket.end() == SIGN_IN_AGAIN


async def test_python_client_accepts_a_token(
    url: str, ada: Person, source: SourceView, identity: Identity
) -> None:
    caller = identity.authenticate(ada.session.access_token)
    token = identity.api_tokens.make(caller, "notebook", ["read", "write"]).token

    def use() -> list[str]:
        with Client(url, token) as client:
            return [source.id for source in client.sources()]

    assert await asyncio.to_thread(use) == [source.id]
