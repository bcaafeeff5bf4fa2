"""Several hosts on one machine: network namespaces on a bridge, inside an unprivileged user namespace."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gifapp.processes import spawn, stop, wait_until

_SUBNET = "10.77.0"
_PROGRAMS = ("unshare", "nsenter", "ip", "hostname")


@dataclass(frozen=True)
class Host:
    """A host with its own network namespace and host name."""

    name: str
    address: str
    pid: int  # of the process that keeps its namespaces alive

    @property
    def entering(self) -> tuple[str, ...]:
        namespaces = ("--user", "--net", "--uts", "--preserve-credentials")
        return ("nsenter", "--target", str(self.pid), *namespaces)

    def spawn(self, *argv: str, **popen: Any) -> subprocess.Popen[Any]:
        """Start a program on this host."""
        return spawn([*self.entering, *argv], **popen)

    def run(self, *argv: str) -> None:
        subprocess.run([*self.entering, *argv], check=True, timeout=20)


@dataclass(frozen=True)
class Network:
    hosts: dict[str, Host]
    switch: Host

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    def cut(self, name: str) -> None:
        """Disconnect a host: connections are not refused, but nothing arrives."""
        self.switch.run("ip", "link", "set", name, "down")

    def heal(self, name: str) -> None:
        self.switch.run("ip", "link", "set", name, "up")


def why_impossible() -> str | None:
    """Why this machine cannot run such hosts; None if it can."""
    missing = [program for program in _PROGRAMS if not shutil.which(program)]
    if sys.platform != "linux" or missing:
        return f"network namespaces need Linux with {', '.join(missing or _PROGRAMS)}"
    allowed = subprocess.run([*_UNSHARE, "true"], check=False, capture_output=True, text=True, timeout=20)
    return (
        None if allowed.returncode == 0 else f"network namespaces are not allowed: {allowed.stderr.strip()}"
    )


@contextlib.contextmanager
def network(*names: str) -> Iterator[Network]:
    """Hosts that reach each other; the machine's own network is unchanged."""
    with contextlib.ExitStack() as stack:
        switch = stack.enter_context(_namespace("switch", f"{_SUBNET}.1", inside=()))
        switch.run("ip", "link", "add", "bridge", "type", "bridge")
        switch.run("ip", "link", "set", "bridge", "up")
        hosts = {
            name: stack.enter_context(_connected(switch, name, f"{_SUBNET}.{number}"))
            for number, name in enumerate(names, start=2)
        }
        yield Network(hosts, switch)


_UNSHARE = ("unshare", "--map-root-user", "--net", "--uts")


@contextlib.contextmanager
def _connected(switch: Host, name: str, address: str) -> Iterator[Host]:
    with _namespace(name, address, inside=switch.entering) as host:
        cable = ("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0")
        switch.run(*cable, "netns", str(host.pid))
        switch.run("ip", "link", "set", name, "master", "bridge", "up")
        for command in (("link", "set", "lo", "up"), ("addr", "add", f"{address}/24", "dev", "eth0")):
            host.run("ip", *command)
        host.run("ip", "link", "set", "eth0", "up")
        host.run("hostname", name)
        yield host


@contextlib.contextmanager
def _namespace(name: str, address: str, *, inside: tuple[str, ...]) -> Iterator[Host]:
    """A process that keeps a namespace alive."""
    unshare = (*inside, "unshare", "--net", "--uts") if inside else _UNSHARE
    keeper = spawn([*unshare, "sleep", "infinity"])
    try:
        assert wait_until(lambda: _command_of(keeper.pid) == "sleep", timeout_s=20), (
            f"no namespace for {name}"
        )
        yield Host(name, address, keeper.pid)
    finally:
        stop(keeper, grace_s=0)


def _command_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/comm").read_text().strip()
    return os.devnull
