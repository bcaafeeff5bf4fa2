"""Fork servers whose parent ends before it has used them."""

import socket
import subprocess
import sys

import pytest

from gifapp.jobs.attempts.forkserver import CONVERT


@pytest.mark.parametrize(
    ("module", "arguments"),
    [("gifapp.widgets.kernel_server", []), ("gifapp.jobs.attempts.forkserver", [CONVERT])],
)
def test_fork_server_ends_quietly_if_it_was_never_used(module: str, arguments: list[str]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = [sys.executable, "-P", "-m", module, str(theirs.fileno()), *arguments]
        server = subprocess.Popen(
            argv, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        theirs.close()
        assert ours.recv(1, socket.MSG_PEEK)
    assert (server.communicate(timeout=60)[1], server.returncode) == ("", 0)
