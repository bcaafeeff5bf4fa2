"""The whole web server in process: real HTTP, real websockets, real kernels."""

import ast
import asyncio
import gc
import json
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest
from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect
from voila._version import __version__ as voila_version

from gifapp import errors
from gifapp.web.app import GifApp
from gifapp.web.http.context import Parts
from gifapp.web.pages.kernel_traffic import PROTOCOL
from gifapp.web.pages.kernels import REAP_EVERY_S, PageClient
from tests.web.visitors import NOTEBOOKS, PASSWORD, SignIn, policy_of

FORBIDDEN = [
    *("/api", "/api/kernels", "/api/sessions", "/api/contents", "/api/contents/dashboard.ipynb"),
    *("/api/kernelspecs", "/api/status", "/api/terminals", "/api/me", "/api/config/x", "/login", "/logout"),
    *(
        "/dashboard.ipynb",
        "/files/dashboard.ipynb",
        "/notebooks/dashboard.ipynb",
        "/voila/tree",
        "/voila/query/x",
    ),
    *("/voila/files/dashboard.ipynb", "/voila/render/dashboard.ipynb", "/voila/api/contents/dashboard.ipynb"),
    *("/voila/execution/x", "/voila/api/themes/x", "/voila/templates/lab/static/index.css"),
    *("/voila/templates/gifapp/index.html.j2", "/static/style/style.min.css"),
]


async def test_stranger_sees_the_sign_in_page_and_starts_no_kernel(
    app: GifApp, stranger: httpx.AsyncClient
) -> None:
    page = await stranger.get("/")
    assert page.status_code == 200
    assert 'autocomplete="current-password"' in page.text
    assert "_xsrf" in page.cookies
    assert not app.kernels.ids()


async def test_invalid_session_is_a_stranger(app: GifApp, stranger: httpx.AsyncClient) -> None:
    stranger.cookies.set("gifapp_session", "made up")
    assert 'id="password"' in (await stranger.get("/")).text
    assert not app.kernels.ids()


async def test_visitor_gets_their_own_kernel(app: GifApp, sign_in: SignIn) -> None:
    ada, bob = await sign_in("ada@example.org"), await sign_in("bob@example.org")
    pages = await asyncio.gather(ada.get("/"), bob.get("/"))
    assert [seen_by_kernel(page)["visitor"] for page in pages] == ["ada@example.org", "bob@example.org"]
    assert len({kernel_of(page) for page in pages}) == len(app.kernels) == 2
    assert "ada@example.org" in pages[0].text.split('id="sign-out"')[0]


@pytest.fixture
def secrets_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_REDIS_URL", "redis://:secret@127.0.0.1/0")
    monkeypatch.setenv("GIFAPP_SECRET_FILE", "/secret.key")


async def test_kernel_has_no_secrets(secrets_in_the_environment: None, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel = seen_by_kernel(await ada.get("/"))
    ours = {name for name in kernel["environment"] if name.startswith("GIFAPP_")}
    assert ours == {"GIFAPP_URL", "GIFAPP_KERNEL_TOKEN"}
    at_its_start = psutil.Process(kernel["pid"]).environ()  # of the process that it was forked from
    assert [name for name in at_its_start if name.startswith("GIFAPP_")] == []


async def test_page_has_its_policy_and_loads_nothing_from_other_hosts(sign_in: SignIn) -> None:
    page = await (await sign_in("ada@example.org")).get("/?template=reveal&theme=dark")
    policy = policy_of(page)
    assert policy["script-src"] == {"'self'", "'unsafe-inline'", "blob:"}
    for name in ("default-src", "connect-src", "base-uri", "form-action", "frame-ancestors"):
        assert policy[name] == {"'self'"}
    assert policy["object-src"] == {"'none'"}
    assert set().union(*policy.values()) == {"'self'", "'none'", "'unsafe-inline'", "blob:", "data:"}
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert loaded
    assert all(address.startswith(("/", "#")) for address in loaded)


async def test_other_routes_of_jupyter_and_voila_are_not_served(sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    answers = {path: (await ada.get(path)).status_code for path in FORBIDDEN}
    assert answers == dict.fromkeys(FORBIDDEN, 404)


# method, path: the status for a stranger and for a signed-in user; the kernel does not exist
OTHER_ROUTES = {
    ("GET", "/"): (200, 200),
    ("GET", "/operations"): (200, 403),
    ("POST", "/api/v1/kernel/token"): (401, 401),
    ("GET", "/api/kernels/{kernel}"): (403, 403),
    ("GET", "/api/kernels/{kernel}/channels"): (403, 403),
    ("POST", "/voila/api/shutdown/{kernel}"): (403, 403),
    ("GET", "/voila/templates/gifapp/static/voila.js"): (200, 200),
    ("GET", f"/voila/static/{voila_version}/voila.js"): (200, 200),
    ("GET", "/voila/labextensions/anywidget/package.json"): (200, 200),
    ("GET", "/api/nothing"): (404, 404),
}


async def test_each_role_gets_the_status_in_the_table(stranger: httpx.AsyncClient, sign_in: SignIn) -> None:
    askers = (stranger, await sign_in("ada@example.org"))
    statuses = {}
    for method, route in OTHER_ROUTES:
        path = route.format(kernel=uuid4())
        statuses[method, route] = tuple([(await who.request(method, path)).status_code for who in askers])
    assert statuses == OTHER_ROUTES


def test_every_route_outside_the_api_is_in_the_table(app: GifApp) -> None:
    paths = [route.format(kernel=uuid4()) for _, route in OTHER_ROUTES]
    routes = [route[0] for route in app.init_handlers() if isinstance(route, tuple)]
    assert [route for route in routes if not any(re.fullmatch(route, path) for path in paths)] == []


async def test_kernels_cannot_be_started_by_request(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    assert (await ada.post("/api/kernels", json={"name": "python3"})).status_code == 404
    assert not app.kernels.ids()


async def test_kernel_is_open_only_to_its_visitor(app: GifApp, sign_in: SignIn) -> None:
    ada, bob = await sign_in("ada@example.org"), await sign_in("bob@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    async with connected(app, ada, kernel_id):
        pass
    assert (await ada.get(f"/api/kernels/{kernel_id}")).json()["id"] == kernel_id
    assert (await bob.get(f"/api/kernels/{kernel_id}")).status_code == 403
    for visitor in (bob, httpx.AsyncClient()):
        with pytest.raises(HTTPClientError, match="403"):
            await connected(app, visitor, kernel_id).__aenter__()


@pytest.mark.parametrize("cookie_secure", [True, False])
async def test_cookies_are_restricted_to_our_site_and_https(
    app: GifApp, stranger: httpx.AsyncClient, cookie_secure: bool
) -> None:
    account = {"email": "ada@example.org", "password": PASSWORD}
    app.parts.identity.create_user(**account, role="user")
    cookies = {}
    for answer in (await stranger.get("/"), await stranger.post("/api/v1/auth/login", json=account)):
        for cookie in answer.headers.get_list("Set-Cookie"):
            name, _, attributes = cookie.partition("=")
            cookies[name] = {part.strip() for part in attributes.split(";")}
    assert set(cookies) == {"_xsrf", "gifapp_session"}
    assert all("SameSite=Lax" in each for each in cookies.values())
    assert all(("Secure" in each) is cookie_secure for each in cookies.values())
    assert "HttpOnly" in cookies["gifapp_session"]


async def test_other_users_of_the_machine_cannot_reach_a_kernel(app: GifApp, sign_in: SignIn) -> None:
    kernel_id = kernel_of(await (await sign_in("ada@example.org")).get("/"))
    assert not for_others(app.connection_dir)
    kernel = app.kernel_manager.get_kernel(kernel_id)
    assert Path(kernel.connection_file).parent == Path(app.connection_dir)
    assert kernel.get_connection_info()["curve_publickey"]


async def test_other_sites_cannot_use_the_visitors_cookie(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    kernel_id = kernel_of(await ada.get("/"))
    with pytest.raises(HTTPClientError, match="403"):
        await connected(app, ada, kernel_id, Origin="https://elsewhere.example").__aenter__()
    assert (await ada.post(f"/voila/api/shutdown/{kernel_id}")).status_code == 403
    assert app.kernels.ids() == [kernel_id]


@pytest.mark.parametrize("channel", ["shell", "control"])
async def test_browser_cannot_execute_code(
    app: GifApp, sign_in: SignIn, tmp_path: Path, channel: str
) -> None:
    ada = await sign_in("ada@example.org")
    code = f"open({str(tmp_path / 'written')!r}, 'w')"
    async with connected(app, ada, kernel_of(await ada.get("/"))) as page:
        for kind in ("execute", "inspect", "complete", "is_complete", "debug", "interrupt"):
            request = message(
                f"{kind}_request",
                channel,
                code=code,
                cursor_pos=1,
                type="request",
                seq=1,
                command="initialize",
            )
            await page.write_message(request, binary=True)
        await page.write_message(message("shutdown_request", "control", restart=False), binary=True)
        for asked in ("control", "shell"):  # each answers in order
            await page.write_message(message("kernel_info_request", asked), binary=True)
        seen = [await next_message(page)]
        while seen.count("kernel_info_reply") < 2:
            seen.append(await next_message(page))
    assert set(seen) == {"status", "kernel_info_reply"}
    assert not (tmp_path / "written").exists()


async def test_closing_a_page_ends_only_its_kernel(app: GifApp, sign_in: SignIn) -> None:
    ada, bob = await sign_in("ada@example.org"), await sign_in("bob@example.org")
    page = await ada.get("/")
    kernel_id, other_id = kernel_of(page), kernel_of(await bob.get("/"))
    assert (await beacon(bob, kernel_id)).status_code == 403
    assert app.kernels.ids() == [kernel_id, other_id]
    assert (await beacon(ada, kernel_id)).status_code == 204
    assert app.kernels.ids() == [other_id]
    assert not psutil.pid_exists(seen_by_kernel(page)["pid"])


async def test_leaving_while_the_page_opens_leaves_no_kernel(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    async with ada.stream("GET", "/") as page:
        await anext(page.aiter_raw())
        assert len(app.kernels) == 1
    await until(lambda: not app.kernels.ids())
    await until(lambda: not clients_open())


async def test_stopping_server_ends_pages_that_are_opening(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    async with ada.stream("GET", "/") as page:
        await anext(page.aiter_raw())
        await until(lambda: bool(clients_open()))
        await app.kernels.end_all()
        assert not clients_open()


async def test_full_server_says_what_to_do(app: GifApp, sign_in: SignIn) -> None:
    ada, bob = await sign_in("ada@example.org"), await sign_in("bob@example.org")
    for visitor in (ada, bob):
        await visitor.get("/")
    full = await bob.get("/")
    assert full.status_code == 503
    assert full.headers["Retry-After"] == "60"
    assert "Wait a minute, then reload this page." in full.text
    assert len(app.kernels) == 2


async def test_signing_out_ends_the_visitors_kernels(app: GifApp, sign_in: SignIn) -> None:
    ada, bob = await sign_in("ada@example.org"), await sign_in("bob@example.org")
    lost_kernel, kept_kernel = kernel_of(await ada.get("/")), kernel_of(await bob.get("/"))
    async with connected(app, ada, lost_kernel) as page:
        answer = await ada.post("/api/v1/auth/logout", headers={"X-XSRFToken": ada.cookies["_xsrf"]})
        assert answer.is_success
        await until(lambda: app.kernels.ids() == [kept_kernel], within_s=2 * REAP_EVERY_S)
    assert page.close_reason == "the session has ended"


@pytest.mark.parametrize("end", ["everywhere", "disabled"])
async def test_ending_all_sessions_ends_the_visitors_kernels(app: GifApp, sign_in: SignIn, end: str) -> None:
    ada, identity = await sign_in("ada@example.org"), app.parts.identity
    kernel_of(await ada.get("/"))
    caller = await asyncio.to_thread(identity.caller_of_cookie, ada.cookies["gifapp_session"])
    assert caller is not None
    if end == "everywhere":
        await asyncio.to_thread(identity.logout_everywhere, caller)
    else:
        await asyncio.to_thread(identity.people.change, caller.user_id, disabled=True, by=None)
    await app.kernels.reap()
    assert app.kernels.ids() == []


async def test_kernel_token_is_valid_while_the_session_lives(app: GifApp, sign_in: SignIn) -> None:
    ada = await sign_in("ada@example.org")
    caller = await asyncio.to_thread(app.parts.identity.caller_of_cookie, ada.cookies["gifapp_session"])
    bearer = {"Authorization": f"Bearer {await kernel_token(app, caller)}"}
    async with httpx.AsyncClient(base_url=app.local_url) as kernel:
        answer = (await kernel.post("/api/v1/kernel/token", headers=bearer)).json()
        assert answer["user"]["email"] == "ada@example.org"
        me = await kernel.get("/api/v1/me", headers={"Authorization": f"Bearer {answer['access_token']}"})
        assert me.json()["email"] == "ada@example.org"
        await ada.post("/api/v1/auth/logout", headers={"X-XSRFToken": ada.cookies["_xsrf"]})
        assert (await kernel.post("/api/v1/kernel/token", headers=bearer)).status_code == 401


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer made-up"}]
)
async def test_made_up_kernel_token_is_refused(stranger: httpx.AsyncClient, headers: dict[str, str]) -> None:
    refused = await stranger.post("/api/v1/kernel/token", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["Content-Type"].startswith("application/problem+json")


async def test_stopping_the_server_ends_its_kernels(app: GifApp, sign_in: SignIn) -> None:
    page = await (await sign_in("ada@example.org")).get("/")
    async with asyncio.timeout(5):
        await app.stop()
    assert not psutil.pid_exists(seen_by_kernel(page)["pid"])
    await until(lambda: not Path(app.connection_dir).exists())


async def test_taken_port_is_named(parts: Parts) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(errors.PortTaken, match=f"Port {port} on 127.0.0.1"):
            await GifApp(parts, notebooks=NOTEBOOKS, port=port).start()


def kernel_of(page: httpx.Response) -> str:
    assert page.status_code == 200
    match = re.search(
        r'id="jupyter-config-data" type="application/json">(.+?)</script>', page.text, re.DOTALL
    )
    assert match
    return str(json.loads(match[1])["kernelId"])


def seen_by_kernel(page: httpx.Response) -> dict[str, Any]:
    """What the last cell of the test's notebook reports about its kernel."""
    outputs = re.findall(r'cell-output\+json">(.+?)</script>', page.text, re.DOTALL)
    return dict(json.loads(ast.literal_eval(json.loads(outputs[-1])["data"]["text/plain"])))


@asynccontextmanager
async def connected(
    app: GifApp,
    who: httpx.AsyncClient,
    kernel_id: str,
    *,
    protocol: str = PROTOCOL,
    session: str = "test",
    **headers: str,
) -> AsyncIterator[WebSocketClientConnection]:
    """The websocket to a kernel, opened as a page does."""
    cookie = f"gifapp_session={who.cookies.get('gifapp_session', '')}"
    address = f"{app.local_url.replace('http', 'ws')}/api/kernels/{kernel_id}/channels?session_id={session}"
    request = HTTPRequest(address, headers={"Cookie": cookie, **headers})
    page = await websocket_connect(request, subprotocols=[protocol] if protocol else None)
    yield page
    page.close()
    while page.close_code is None and await page.read_message() is not None:
        pass


def message(kind: str, channel: str, metadata: dict[str, Any] | None = None, **content: Any) -> bytes:
    """A message of a page, encoded as on the wire."""
    header = {"msg_id": uuid4().hex, "msg_type": kind, "session": "test", "username": "", "version": "5.3"}
    parts = [json.dumps(part).encode() for part in (header, {}, metadata or {}, content)]
    return bytes(serialize_msg_to_ws_v1(parts, channel))


async def next_message(page: WebSocketClientConnection) -> str:
    async with asyncio.timeout(10):
        received = await page.read_message()
    assert isinstance(received, bytes)
    _, [header, *_] = deserialize_msg_from_ws_v1(received)
    return str(json.loads(header)["msg_type"])


def for_others(path: str) -> int:
    """The file permissions of everybody but the owner."""
    return Path(path).stat().st_mode & 0o077


async def beacon(who: httpx.AsyncClient, kernel_id: str) -> httpx.Response:
    """The request that a page sends when it closes."""
    if "_xsrf" not in who.cookies:
        who.cookies.set("_xsrf", "any")
    return await who.post(f"/voila/api/shutdown/{kernel_id}", files={"_xsrf": (None, who.cookies["_xsrf"])})


async def kernel_token(app: GifApp, caller: Any) -> str:
    """The token that a new kernel of `caller` received."""
    kernel_id = await app.kernels.start(caller, "python3")
    return str(app.kernel_manager.get_kernel(kernel_id)._launch_args["env"]["GIFAPP_KERNEL_TOKEN"])


def clients_open() -> list[PageClient]:
    """The number of the renderers' open connections to kernels."""
    clients = [client for client in gc.get_objects() if type(client) is PageClient]
    return [client for client in clients if not client.context.closed]


async def until(condition: Callable[[], bool], *, within_s: float = 5) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
