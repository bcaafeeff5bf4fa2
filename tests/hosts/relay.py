"""Relays a Unix socket, which the tests connect to, to an address that only this host reaches."""

import asyncio
import sys

LISTENING = "listening"

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


async def relay(socket_path: str, host: str, port: int) -> None:
    async def connect(reader: Reader, writer: Writer) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    server = await asyncio.start_unix_server(connect, socket_path)
    print(LISTENING, flush=True)  # noqa: T201
    await server.serve_forever()


async def _copy(reader: Reader, writer: Writer) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


if __name__ == "__main__":
    asyncio.run(relay(sys.argv[1], sys.argv[2], int(sys.argv[3])))
