import dataclasses
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from gifapp.domain.networks import parse_networks
from gifapp.web.app import GifApp
from gifapp.web.http.client_address import TrustedProxies
from gifapp.web.http.context import Parts
from tests.web.visitors import NOTEBOOKS, PASSWORD, SignIn, web_parts


@pytest.fixture
def cookie_secure() -> bool:
    return False


@pytest.fixture
def parts(mongodb_url: str, redis_url: str, tmp_path: Path, cookie_secure: bool) -> Iterator[Parts]:
    with web_parts(mongodb_url, redis_url, tmp_path.as_uri()) as built:
        yield dataclasses.replace(built, cookie_secure=cookie_secure)


@pytest.fixture
def trusted_proxies() -> str:
    return ""


@pytest.fixture
def connections_by_address() -> int:
    return 500


@pytest.fixture
async def app(parts: Parts, trusted_proxies: str, connections_by_address: int) -> AsyncIterator[GifApp]:
    """The running web server, with room for two kernels."""
    proxies = TrustedProxies(parse_networks(trusted_proxies.split(",")))
    running = GifApp(
        parts,
        notebooks=NOTEBOOKS,
        max_kernels=2,
        proxies=proxies,
        connections_by_address=connections_by_address,
    )
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def stranger(app: GifApp) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session."""
    async with httpx.AsyncClient(base_url=app.local_url, timeout=20) as client:
        yield client


@pytest.fixture
async def sign_in(app: GifApp) -> AsyncIterator[SignIn]:
    """Creates an account and returns its signed-in browser."""
    browsers = []

    async def sign_in(email: str) -> httpx.AsyncClient:
        browser = httpx.AsyncClient(base_url=app.local_url, timeout=20)
        browsers.append(browser)
        app.parts.identity.create_user(email, PASSWORD, "user")
        answer = await browser.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200
        return browser

    yield sign_in
    for browser in browsers:
        await browser.aclose()
