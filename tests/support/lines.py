"""A bad connection between a client and a server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def bad_line(port: int, cuts: Iterator[int]) -> AsyncIterator[str]:
    """A proxy that resets each connection after this many bytes from the client."""
    relays: set[asyncio.Task[None]] = set()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relays.add(asyncio.current_task())  # type: ignore[arg-type]
        server_reader, server = await asyncio.open_connection("127.0.0.1", port)
        back = asyncio.create_task(pump(server_reader, writer, 10**9))
        try:
            await pump(reader, server, next(cuts))
        finally:
            back.cancel()
            server.transport.abort()
            writer.transport.abort()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int) -> None:
        while most > 0 and (data := await reader.read(min(most, 4096))):
            writer.write(data)
            await writer.drain()
            most -= len(data)

    proxy = await asyncio.start_server(relay, "127.0.0.1")
    async with proxy:
        yield f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    for task in relays:
        task.cancel()
    await asyncio.gather(*relays, return_exceptions=True)
