"""A confined child opens the files it was given and its libraries, and nothing else of the user's."""

import errno
import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gifapp import confinement
from gifapp.launcher import program
from gifapp.processes import spawn

pytestmark = pytest.mark.skipif(not confinement.landlock_version(), reason="the kernel has no Landlock")

_SCOPES_SIGNALS = 6  # the first version of Landlock that does


def result_of(code: str, readable: Sequence[Path]) -> str:
    """What a confined child prints: "done", or the name of the error that `code` raises."""
    script = (
        f"import errno, os, signal\ntry:\n    {code}\n    print('done')\n"
        "except OSError as e:\n    print(errno.errorcode[e.errno])"
    )
    with spawn([sys.executable, "-c", script], readable=readable, stdout=subprocess.PIPE, text=True) as child:
        return str(child.communicate(timeout=30)[0]).strip()


@pytest.fixture
def video(tmp_path: Path) -> Path:
    path = tmp_path / "video.mp4"
    path.write_bytes(b"video")
    (tmp_path / "secret").write_text("secret")
    return path


def test_confined_child_reads_only_its_file(video: Path) -> None:
    assert result_of(f"open({str(video)!r})", [video]) == "done"
    assert result_of(f"open({str(video.parent / 'secret')!r})", [video]) == "EACCES"
    assert result_of(f"os.listdir({str(video.parent)!r})", [video]) == "EACCES"


def test_confined_child_reads_a_folder_and_the_targets_of_its_links(video: Path, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "link.png").symlink_to(video)
    assert result_of(f"open({str(folder / 'link.png')!r})", [folder]) == "done"
    assert result_of(f"open({str(tmp_path / 'secret')!r})", [folder]) == "EACCES"


@pytest.mark.parametrize(
    "code",
    ["open({!r}, 'a')", "os.truncate({!r}, 0)", "os.unlink({!r})", "open({!r} + '.new', 'x')"],
    ids=["append", "truncate", "delete", "create"],
)
def test_confined_child_changes_no_file(video: Path, code: str) -> None:
    assert result_of(code.format(str(video)), [video]) == "EACCES"
    assert video.read_bytes() == b"video"


def test_confined_child_cannot_look_into_other_processes(video: Path) -> None:
    assert result_of(f"open('/proc/{os.getpid()}/environ', 'rb')", [video]) == "EACCES"
    can_signal = confinement.landlock_version() < _SCOPES_SIGNALS
    assert result_of(f"os.kill({os.getpid()}, 0)", [video]) == ("done" if can_signal else "EPERM")


def test_confined_child_discards_output(video: Path) -> None:
    assert result_of("open(os.devnull, 'w').write('x')", [video]) == "done"


def test_checkout_on_the_search_path_is_listed_but_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("secret")
    monkeypatch.syspath_prepend(str(tmp_path))
    confinement._libraries.cache_clear()
    try:
        assert result_of(f"os.listdir({str(tmp_path)!r})", []) == "done"
        assert result_of(f"open({str(tmp_path / 'secret')!r})", []) == "EACCES"
    finally:
        confinement._libraries.cache_clear()


def test_children_run_unconfined_without_landlock(video: Path) -> None:
    read = f"from gifapp.processes import spawn; spawn(['cat', {str(video)!r}], readable=[]).wait()"
    options = ["-f", filter_that_denies(confinement._CREATE_RULESET, errno.ENOSYS)]
    assert output_of(program.start(options, [sys.executable, "-c", read], stdout=subprocess.PIPE)) == b"video"


def output_of(child: subprocess.Popen[Any]) -> bytes:
    output, _ = child.communicate(timeout=30)
    return bytes(output)


def filter_that_denies(call: int, error: int) -> str:
    """A seccomp filter, in hexadecimal, with which a system call fails."""
    load, jump_if_equal, end, allow, fail = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
    steps = [(load, 0, 0, 0), (jump_if_equal, 0, 1, call), (end, 0, 0, fail | error), (end, 0, 0, allow)]
    return b"".join(struct.pack("=HBBI", *step) for step in steps).hex()
