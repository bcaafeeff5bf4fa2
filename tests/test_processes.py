import errno
import os
import platform
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from gifapp.processes import (
    ProcessLimits,
    environment_without_secrets,
    spawn,
    stop,
    untrusted_file_limits,
    wait_until,
)

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_child_ends_on_sigterm() -> None:
    child = spawn(["sleep", "60"])
    assert stop(child, grace_s=5) == -signal.SIGTERM


def test_child_that_ignores_sigterm_is_killed_with_its_children(tmp_path: Path) -> None:
    deaf = "trap '' TERM; sleep 60 & echo $! > pid; wait; sleep 60"
    child = spawn(["sh", "-c", deaf], cwd=tmp_path)
    assert wait_until(
        lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", timeout_s=5
    )
    grandchild = int((tmp_path / "pid").read_text())
    assert stop(child, grace_s=0.2) == -signal.SIGKILL
    assert wait_until(lambda: not alive(grandchild), timeout_s=5)


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's")
def test_child_dies_with_its_parent(tmp_path: Path) -> None:
    code = (
        "import time, pathlib; from gifapp.processes import spawn; "
        f"pathlib.Path('pid').write_text(str(spawn({SLEEP!r}).pid)); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    assert wait_until(
        lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "", timeout_s=10
    )
    child = int((tmp_path / "pid").read_text())
    assert alive(child)
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not alive(child), timeout_s=5)


def test_limits_apply_to_the_child() -> None:
    hungry = [sys.executable, "-c", "bytearray(10**9)"]
    child = spawn(hungry, limits=ProcessLimits(memory_bytes=512 * 1024**2), stderr=subprocess.PIPE)
    _, output = child.communicate(timeout=30)
    assert child.returncode == 1
    assert b"MemoryError" in output


def test_limits_are_never_raised() -> None:
    inner = "import resource; print(resource.getrlimit(resource.RLIMIT_FSIZE)[1])"
    outer = (
        "import sys, gifapp.processes as p; "
        f"p.spawn([sys.executable, '-c', {inner!r}], limits=p.ProcessLimits(file_bytes=2000)).wait()"
    )
    child = spawn(
        [sys.executable, "-c", outer], limits=ProcessLimits(file_bytes=1000), stdout=subprocess.PIPE
    )
    assert child.communicate(timeout=30)[0] == b"1000\n"


def test_child_that_reads_untrusted_files_has_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_MONGODB_URL", "mongodb://user:secret@host")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LANGUAGE", "en")
    seen = environment_without_secrets()
    assert (seen["LANGUAGE"], seen["OPENBLAS_NUM_THREADS"]) == ("en", "1")
    assert not [name for name in seen if name.startswith(("GIFAPP_", "AWS_"))]


def test_wait_until_gives_up() -> None:
    assert not wait_until(lambda: False, timeout_s=0.1)


def alive(pid: int) -> bool:
    return (
        psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE and os.getpid() != pid
    )


def test_child_of_a_limited_process_keeps_the_lower_limit() -> None:
    grandchild = "import resource; print(resource.getrlimit(resource.RLIMIT_FSIZE)[1])"
    child = (
        "import sys, subprocess; from gifapp.processes import *;"
        "apply_limits(ProcessLimits(file_bytes=1000));"
        f"spawn([sys.executable, '-c', {grandchild!r}], limits=ProcessLimits(file_bytes=5000)).wait()"
    )
    done = subprocess.run([sys.executable, "-c", child], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1000"


def output_of(code: str, limits: ProcessLimits) -> str:
    """The output of a Python process under these limits."""
    child = spawn([sys.executable, "-c", code], limits=limits, stdout=subprocess.PIPE)
    return str(child.communicate(timeout=30)[0], "utf-8")


TO_REACH = """
import socket, sys
for family, place in ((socket.AF_INET, ("127.0.0.1", {port})), (socket.AF_UNIX, "{path}")):
    try:
        socket.socket(family).connect(place)
        print("reached", end=" ")
    except PermissionError:
        print("refused", end=" ")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp is Linux's")
def test_child_without_network_cannot_reach_this_machine(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there, socket.socket(socket.AF_UNIX) as here:
        here.bind(str(tmp_path / "here"))
        here.listen()
        code = TO_REACH.format(port=there.getsockname()[1], path=tmp_path / "here")
        assert output_of(code, ProcessLimits()) == "reached reached "
        assert output_of(code, ProcessLimits(is_offline=True)) == "refused refused "
        outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
        assert output_of(outer, ProcessLimits(is_offline=True)) == "refused refused "


OTHER_CALLS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
for number in (425, 0x40000000 + 41):  # io_uring_setup, and socket by its number with 32-bit pointers
    libc.syscall(ctypes.c_long(number), 2, 1, 0)
    print(ctypes.get_errno(), end=" ")
"""
AS_32_BITS = """
import ctypes, mmap
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(bytes.fromhex("b814000000" "cd80" "c3"))  # eax = 20, which is getpid; int 0x80; return
call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
print(-call(), end="")
"""


@pytest.mark.skipif(platform.machine() != "x86_64" or sys.platform != "linux", reason="they are x86-64's")
def test_no_other_system_call_opens_a_socket() -> None:
    offline = ProcessLimits(is_offline=True)
    assert output_of(OTHER_CALLS, offline) == f"{errno.EACCES} {errno.EACCES} "
    assert output_of(AS_32_BITS, offline) in (
        str(errno.EACCES),
        "",
    )  # no output: this kernel has none of these


def test_processes_that_read_untrusted_files_have_every_limit() -> None:
    code = (
        "import resource\n"
        "for kind in ('AS', 'CPU', 'FSIZE', 'NOFILE', 'NPROC', 'CORE'):\n"
        "    print(resource.getrlimit(getattr(resource, f'RLIMIT_{kind}'))[1], end=' ')"
    )
    limits = untrusted_file_limits(memory_bytes=10**9, cpu_s=7, file_bytes=100)
    memory, cpu, file, files, tasks, core = map(int, output_of(code, limits).split())
    assert (memory, cpu, file, files, core) == (10**9, 7, 100, 256, 0)
    assert 256 < tasks < 256 + 10_000


def test_open_files_of_a_child_are_limited(tmp_path: Path) -> None:
    code = (
        "import sys\nkept = []\n"
        "try:\n    while True: kept.append(open(sys.executable))\n"
        "except OSError as refused: print(refused.errno, len(kept) < 256)"
    )
    assert output_of(code, untrusted_file_limits(memory_bytes=10**9, cpu_s=20)) == f"{errno.EMFILE} True\n"
