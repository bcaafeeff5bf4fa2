"""Registering, signing in, refreshing and signing out over HTTP."""

import httpx
import pytest

from gifapp.identity.service import Identity
from gifapp.jobs.parts import JobParts
from gifapp.web.http.context import build_parts
from tests.web.api.conftest import PASSWORD, SECRET, Person, SignUp, is_problem

ADA = {"email": "ada@example.org", "password": PASSWORD}


async def signed_in(http: httpx.AsyncClient, identity: Identity) -> httpx.Response:
    identity.create_user(ADA["email"], PASSWORD, "user")
    answer = await http.post("/api/v1/auth/login", json=ADA)
    assert answer.status_code == 200
    return answer


def xsrf(http: httpx.AsyncClient) -> dict[str, str]:
    return {"X-XSRFToken": http.cookies["_xsrf"]}


async def test_first_account(stranger: httpx.AsyncClient, identity: Identity) -> None:
    body = {**ADA, "setup_token": "guess"}
    is_problem(await stranger.post("/api/v1/auth/register", json=body), 403, "setup-token-wrong")
    body["setup_token"] = identity.setup_token() or ""
    answer = await stranger.post("/api/v1/auth/register", json=body)
    assert answer.status_code == 201
    assert answer.json() == {"id": answer.json()["id"], "email": ADA["email"], "role": "administrator"}
    is_problem(await stranger.post("/api/v1/auth/register", json=body), 403, "invite-invalid")


async def test_invited_account(stranger: httpx.AsyncClient, identity: Identity, ada: Person) -> None:
    body = {"email": "bob@example.org", "password": PASSWORD, "invite": identity.invite()}
    assert (await stranger.post("/api/v1/auth/register", json=body)).json()["role"] == "user"
    body["email"] = "eve@example.org"
    is_problem(await stranger.post("/api/v1/auth/register", json=body), 403, "invite-invalid")
    body |= {"email": ADA["email"], "invite": identity.invite()}
    is_problem(await stranger.post("/api/v1/auth/register", json=body), 409, "email-taken")


@pytest.mark.parametrize(
    ("change", "problem", "message"),
    [
        ({"password": "short"}, (422, "password-too-short"), "at least 8 characters"),
        ({"password": "x" * 73}, (422, "password-too-long"), "72 bytes"),
        ({"password": "\N{PARTY POPPER}" * 20}, (422, "password-too-long"), "an emoji as four"),
        ({"password": "x" * 100_000}, (413, "body-too-large"), "65.54 kB"),
        ({"email": "ada"}, (422, "field-invalid"), "email is not a valid address: an email address"),
        ({"email": {"$gt": ""}}, (422, "field-invalid"), "email must be text (got an object)"),
        ({"password": 12345678}, (422, "field-invalid"), "password must be text."),
        ({"role": "administrator"}, (422, "field-invalid"), "role is not a known name"),
    ],
)
async def test_wrong_field_is_named(
    stranger: httpx.AsyncClient,
    identity: Identity,
    change: dict[str, object],
    problem: tuple[int, str],
    message: str,
) -> None:
    body = {**ADA, "setup_token": identity.setup_token(), **change}
    problem_details = is_problem(await stranger.post("/api/v1/auth/register", json=body), *problem)
    assert message in problem_details["detail"]
    assert identity.setup_token() is not None


async def test_signing_in_returns_a_token_and_sets_cookies(
    stranger: httpx.AsyncClient, identity: Identity
) -> None:
    answer = await signed_in(stranger, identity)
    body = answer.json()
    assert body["expires_in"] == 900
    assert body["user"]["email"] == ADA["email"]
    assert answer.headers["Cache-Control"] == "no-store"
    cookie = next(c for c in answer.headers.get_list("Set-Cookie") if c.startswith("gifapp_session="))
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    headers = {"Authorization": f"Bearer {body['access_token']}"}
    me = (await stranger.get("/api/v1/me", headers=headers)).json()
    assert me == body["user"] | {"stored_bytes": 0, "quota_bytes": None}


@pytest.mark.parametrize(
    ("public_url", "is_secure"),
    [("https://gifs.example", True), ("http://gifs.example", False), (None, False)],
)
def test_cookies_are_secure_with_https(
    jobs: JobParts, identity: Identity, redis_url: str, public_url: str | None, is_secure: bool
) -> None:
    parts = build_parts(jobs, identity, secret=SECRET, redis_url=redis_url, public_url=public_url)
    assert parts.cookie_secure is is_secure


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
async def test_wrong_password(stranger: httpx.AsyncClient, identity: Identity, email: str) -> None:
    await signed_in(stranger, identity)
    answer = await stranger.post("/api/v1/auth/login", json={"email": email, "password": "wrong horse"})
    problem = is_problem(answer, 401, "credentials-wrong")
    assert problem["detail"] == "The email address or the password is wrong."
    assert "WWW-Authenticate" in answer.headers


async def test_too_many_guesses_get_a_retry_time(stranger: httpx.AsyncClient, identity: Identity) -> None:
    identity.create_user(ADA["email"], PASSWORD, "user")
    wrong = {**ADA, "password": "wrong horse"}
    for _ in range(5):
        assert (await stranger.post("/api/v1/auth/login", json=wrong)).status_code == 401
    answer = await stranger.post("/api/v1/auth/login", json=ADA)
    problem = is_problem(answer, 429, "sign-in-slowed")
    assert int(answer.headers["Retry-After"]) == problem["retry_after_s"] > 0


async def test_refreshing_rotates_the_cookie(stranger: httpx.AsyncClient, identity: Identity) -> None:
    await signed_in(stranger, identity)
    first = stranger.cookies["gifapp_session"]
    answer = await stranger.post("/api/v1/auth/refresh", headers=xsrf(stranger))
    assert answer.status_code == 200
    assert stranger.cookies["gifapp_session"] != first
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (await stranger.get("/api/v1/me", headers=headers)).status_code == 200


async def test_old_refresh_token_ends_the_session(stranger: httpx.AsyncClient, identity: Identity) -> None:
    access = (await signed_in(stranger, identity)).json()["access_token"]
    first = stranger.cookies["gifapp_session"]
    for _ in range(2):
        await stranger.post("/api/v1/auth/refresh", headers=xsrf(stranger))
    thief = {"Cookie": f"gifapp_session={first}; _xsrf={stranger.cookies['_xsrf']}", **xsrf(stranger)}
    async with httpx.AsyncClient(base_url=stranger.base_url) as other:
        is_problem(await other.post("/api/v1/auth/refresh", headers=thief), 401, "token-invalid")
    is_problem(await stranger.post("/api/v1/auth/refresh", headers=xsrf(stranger)), 401, "token-invalid")
    me = await stranger.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})
    is_problem(me, 401, "token-invalid")


@pytest.mark.parametrize("verb", ["refresh", "logout"])
async def test_cookie_alone_is_not_enough(stranger: httpx.AsyncClient, identity: Identity, verb: str) -> None:
    await signed_in(stranger, identity)
    for headers in ({}, {"X-XSRFToken": "made up"}):
        answer = await stranger.post(f"/api/v1/auth/{verb}", headers=headers)
        is_problem(answer, 403, "request-forged")
    assert (await stranger.post("/api/v1/auth/refresh", headers=xsrf(stranger))).status_code == 200


async def test_signing_out_ends_the_session(stranger: httpx.AsyncClient, identity: Identity) -> None:
    access = (await signed_in(stranger, identity)).json()["access_token"]
    refresh = stranger.cookies["gifapp_session"]
    assert (await stranger.post("/api/v1/auth/logout", headers=xsrf(stranger))).status_code == 204
    assert "gifapp_session" not in stranger.cookies
    me = await stranger.get("/api/v1/me", headers={"Authorization": f"Bearer {access}"})
    is_problem(me, 401, "token-invalid")
    stranger.cookies.set("gifapp_session", refresh)
    is_problem(await stranger.post("/api/v1/auth/refresh", headers=xsrf(stranger)), 401, "token-invalid")


async def test_signing_out_without_a_session_succeeds(stranger: httpx.AsyncClient) -> None:
    assert (await stranger.post("/api/v1/auth/logout")).status_code == 204
    is_problem(await stranger.post("/api/v1/auth/refresh"), 401, "not-signed-in")


async def test_new_password(ada: Person) -> None:
    body = {"current_password": "wrong horse", "new_password": "battery staple"}
    is_problem(await ada.http.post("/api/v1/auth/password", json=body), 401, "credentials-wrong")
    body["current_password"] = PASSWORD
    answer = await ada.http.post("/api/v1/auth/password", json=body)
    assert answer.status_code == 200
    is_problem(await ada.http.get("/api/v1/me"), 401, "token-invalid")
    ada.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    assert (await ada.http.get("/api/v1/me")).status_code == 200


async def test_signing_out_everywhere(stranger: httpx.AsyncClient, identity: Identity) -> None:
    access = (await signed_in(stranger, identity)).json()["access_token"]
    elsewhere = identity.login(ADA["email"], PASSWORD, "here")
    headers = {"Authorization": f"Bearer {access}"}
    answer = await stranger.post("/api/v1/auth/logout-everywhere", headers=headers)
    assert answer.status_code == 204
    assert "gifapp_session" not in stranger.cookies
    for token in (access, elsewhere.access_token):
        me = await stranger.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        is_problem(me, 401, "token-invalid")


async def test_new_password_by_a_reset_link(stranger: httpx.AsyncClient, identity: Identity) -> None:
    user_id = (await signed_in(stranger, identity)).json()["user"]["id"]
    token = identity.links.reset(user_id, by=None).token
    body = {"token": token, "new_password": "password"}
    is_problem(await stranger.post("/api/v1/auth/reset", json=body), 422, "password-too-common")
    body["new_password"] = "battery staple"
    answer = await stranger.post("/api/v1/auth/reset", json=body)
    assert answer.json()["user"]["email"] == ADA["email"]
    assert (await stranger.post("/api/v1/auth/refresh", headers=xsrf(stranger))).status_code == 200
    is_problem(await stranger.post("/api/v1/auth/reset", json=body), 403, "reset-link-invalid")


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "bearer"])
async def test_missing_token_is_refused(stranger: httpx.AsyncClient, header: str) -> None:
    answer = await stranger.get("/api/v1/me", headers={"Authorization": header})
    is_problem(answer, 401, "not-signed-in")


async def test_token_without_signature_is_refused(stranger: httpx.AsyncClient, sign_up: SignUp) -> None:
    _, claims, signature = sign_up("ada").session.access_token.split(".")
    for head in ("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0", "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"):
        for end in ("", signature):
            answer = await stranger.get(
                "/api/v1/me", headers={"Authorization": f"Bearer {head}.{claims}.{end}"}
            )
            is_problem(answer, 401, "token-invalid")


async def test_limits_are_public(stranger: httpx.AsyncClient) -> None:
    body = (await stranger.get("/api/v1/limits")).json()
    assert body["max_upload_bytes"] == 300_000
    assert body["registration"] == "invite"
