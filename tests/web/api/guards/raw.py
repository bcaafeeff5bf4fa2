"""Sends requests as raw bytes, for what no client would send."""

import asyncio
from typing import NamedTuple
from urllib.parse import urlsplit

END = b"\r\n\r\n"


class Answer(NamedTuple):
    """The response; its status is None if the connection was closed without one."""

    status: int | None
    headers: dict[str, str]
    body: bytes


async def ask(url: str, request: bytes, *, timeout_s: float = 20) -> Answer:
    """Send bytes and read one response."""
    to = urlsplit(url)
    reader, writer = await asyncio.open_connection(to.hostname, to.port)
    try:
        writer.write(request)
        return await asyncio.wait_for(_answer(reader, has_body=not request.startswith(b"HEAD")), timeout_s)
    except (ConnectionError, asyncio.IncompleteReadError):
        return Answer(None, {}, b"")
    finally:
        writer.close()


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    """A request for exactly this path."""
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: here", *headers]).encode("latin-1") + END


async def _answer(reader: asyncio.StreamReader, *, has_body: bool) -> Answer:
    first, *lines = (await reader.readuntil(END)).decode("latin-1").strip().split("\r\n")
    named = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in named}
    length = int(headers.get("content-length", 0)) if has_body else 0
    return Answer(int(first.split()[1]), headers, await reader.readexactly(length))
