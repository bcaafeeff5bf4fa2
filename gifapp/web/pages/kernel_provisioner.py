"""Makes Jupyter start kernels as forks."""

from __future__ import annotations

from io import FileIO
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from gifapp.web.pages.kernel_forkserver import KernelForkServer


class ForkedProvisioner(LocalProvisioner):
    """Starts a kernel with the fork server passed to `start_kernel`."""

    async def launch_kernel(  # type: ignore[override]
        self,
        cmd: list[str],
        *,
        server: KernelForkServer,
        env: dict[str, str],
        cwd: str,
        output: FileIO,
        **_: Any,
    ) -> KernelConnectionInfo:
        arguments = cmd[cmd.index("-f") :]  # the arguments before these start an interpreter
        kernel = await server.fork(arguments, environment=env, directory=cwd, output=output.fileno())
        self.process = kernel  # type: ignore[assignment]
        self.pid = self.pgid = kernel.pid
        self.cwd = cwd
        return self.connection_info
