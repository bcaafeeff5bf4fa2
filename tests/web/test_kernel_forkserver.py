"""Kernels are forks of a process that has loaded everything: quick to start, and isolated."""

import asyncio
import os
from collections.abc import AsyncIterator
from io import FileIO
from pathlib import Path
from typing import Any

import psutil
import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.connect import write_connection_file

from gifapp.processes import wait_until
from gifapp.web.pages.kernel_forkserver import ForkedKernel, KernelForkServer
from gifapp.web.pages.kernels import inherited


@pytest.fixture
async def server() -> AsyncIterator[KernelForkServer]:
    environment = {"OPENBLAS_NUM_THREADS": "1", "GIFAPP_SENTRY_DSN": "the server's own"}
    started = KernelForkServer(inherited(os.environ) | environment)
    started.start()
    yield started
    started.stop()


class Running:
    """A kernel and a client of it."""

    def __init__(self, process: ForkedKernel, client: AsyncKernelClient) -> None:
        self.process = process
        self._client = client

    async def value(self, expression: str) -> str:
        await self._client.wait_for_ready(timeout=60)
        reply: Any = await self._client.execute(
            "", user_expressions={"it": expression}, reply=True, timeout=60
        )
        return str(reply["content"]["user_expressions"]["it"]["data"]["text/plain"])

    def close(self) -> None:
        self._client.stop_channels()
        self.process.kill()
        self.process.wait(20)


class Kernels:
    """Starts kernels of a server."""

    def __init__(self, server: KernelForkServer, directory: Path) -> None:
        self._server = server
        self._directory = directory
        self.output = directory / "output"
        self.running: list[Running] = []

    async def start(self, **environment: str) -> Running:
        file = str(self._directory / f"{len(self.running)}.json")
        write_connection_file(file)
        with FileIO(self.output, "a") as output:
            process = await self._server.fork(
                ["-f", file],
                environment=inherited(os.environ) | environment,
                directory=str(self._directory),
                output=output.fileno(),
            )
        client = AsyncKernelClient(connection_file=file)
        client.load_connection_file()
        client.start_channels(hb=False)
        self.running.append(Running(process, client))
        return self.running[-1]


@pytest.fixture
async def kernels(server: KernelForkServer, tmp_path: Path) -> AsyncIterator[Kernels]:
    started = Kernels(server, tmp_path)
    yield started
    for kernel in started.running:
        kernel.close()


async def test_kernel_has_exactly_the_environment_passed_to_it(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIFAPP_SECRET_KEY", "ours")
    kernel = await kernels.start(GIFAPP_KERNEL_TOKEN="its own")
    seen = await kernel.value("{k: v for k, v in __import__('os').environ.items() if 'GIFAPP' in k}")
    assert seen == "{'GIFAPP_KERNEL_TOKEN': 'its own'}"
    assert "GIFAPP_SECRET_KEY" not in psutil.Process(kernel.process.pid).environ(), "not even at its start"
    assert await kernel.value("__import__('os').getcwd()") == repr(str(tmp_path))


async def test_kernels_share_no_mutable_state(kernels: Kernels) -> None:
    first, second = await kernels.start(), await kernels.start()
    assert await first.value("__import__('gifapp').__dict__.setdefault('visited', 1)") == "1"
    assert await second.value("hasattr(__import__('gifapp'), 'visited')") == "False"
    draw = "__import__('random').random()"
    assert await first.value(draw) != await second.value(draw)


async def test_kernel_has_loaded_the_dashboard_but_no_debugger(kernels: Kernels) -> None:
    kernel = await kernels.start()
    modules = "('gifapp.widgets.dashboard.dashboard', 'pydevd', 'jedi.api')"
    loaded = await kernel.value(f"[name for name in {modules} if name in __import__('sys').modules]")
    assert loaded == "['gifapp.widgets.dashboard.dashboard']"


async def test_operations_page_loads_no_schema_validator(kernels: Kernels) -> None:
    """Importing jsonschema compiles a grammar, which takes seconds."""
    kernel = await kernels.start()
    assert await kernel.value("__import__('gifapp').Operations.__name__") == "'Operations'"
    assert await kernel.value("'jsonschema' in __import__('sys').modules") == "False"


async def test_kernel_sends_all_widgets_at_once(kernels: Kernels) -> None:
    """Otherwise a page asks for hundreds of them, one by one."""
    kernel = await kernels.start()
    targets = await kernel.value("sorted(__import__('comm').get_comm_manager().targets)")
    assert "'jupyter.widget.control'" in targets


async def test_output_of_a_kernel_is_captured(kernels: Kernels) -> None:
    kernel = await kernels.start()
    await kernel.value("__import__('os').write(2, b'from the kernel')")

    def is_captured() -> bool:
        return kernels.output.read_text().endswith("from the kernel")

    assert await asyncio.to_thread(wait_until, is_captured, timeout_s=20)  # ipykernel forwards it by a thread


async def test_end_of_a_kernel_is_noticed(kernels: Kernels) -> None:
    kernel = await kernels.start()
    await kernel.value("1")
    assert kernel.process.poll() is None
    kernel.process.kill()
    assert kernel.process.wait(20) == 0
    kernel.process.terminate()  # does nothing: another process may have this id by now
    assert not psutil.pid_exists(kernel.process.pid), "nothing is left of it"


async def test_kernels_end_with_the_server(server: KernelForkServer, kernels: Kernels) -> None:
    kernel = await kernels.start()
    await kernel.value("1")
    server.stop()
    assert await asyncio.to_thread(wait_until, lambda: kernel.process.poll() is not None, timeout_s=20), (
        "it outlived its server"
    )


async def test_killed_server_is_replaced(server: KernelForkServer, kernels: Kernels) -> None:
    first = await kernels.start()
    await first.value("1")
    psutil.Process(first.process.pid).parent().kill()  # type: ignore[union-attr]
    assert await asyncio.to_thread(wait_until, lambda: first.process.poll() is not None, timeout_s=20)
    second = await kernels.start()
    assert await second.value("6 * 7") == "42"
