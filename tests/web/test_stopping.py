"""A stopping web server finishes its requests and keeps no connection open."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from gifapp.web.app import GifApp
from gifapp.web.http.context import Parts
from tests.web.visitors import NOTEBOOKS, PASSWORD

ADA = {"email": "ada@example.org", "password": PASSWORD}


@pytest.fixture
async def stopping(parts: Parts) -> GifApp:
    """A web server that its test stops."""
    app = GifApp(parts, notebooks=NOTEBOOKS, drain_s=5)
    await app.start()
    await asyncio.to_thread(parts.identity.create_user, ADA["email"], PASSWORD, "user")
    return app


async def test_running_request_is_finished_and_its_connection_closed(stopping: GifApp) -> None:
    async with httpx.AsyncClient(base_url=stopping.local_url, timeout=20) as browser:
        signing_in = asyncio.create_task(browser.post("/api/v1/auth/login", content=slowly()))
        await asyncio.sleep(0.3)
        await stopping.stop()
        answer = await signing_in
        with pytest.raises(httpx.ConnectError):
            await browser.get("/health/live")
    assert answer.headers["Connection"] == "close"
    assert answer.status_code == 415  # the whole body was read: only its type is wrong


async def slowly() -> AsyncIterator[bytes]:
    for _ in range(10):
        yield b" "
        await asyncio.sleep(0.1)


async def test_incomplete_request_does_not_delay_the_stop_beyond_its_limit(parts: Parts) -> None:
    app = GifApp(parts, notebooks=NOTEBOOKS, drain_s=0.3)
    await app.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", app.port)
    writer.write(b"POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{")
    await writer.drain()
    await asyncio.sleep(0.1)
    await app.stop()
    assert await reader.read() == b""
    writer.close()
