"""Private files, and what other users may have planted where they are created."""

import contextlib
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gifapp import errors, private
from tests.support.letters import write_clip

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_open_directory_is_made_private(tmp_path: Path) -> None:
    earlier = tmp_path / "earlier"
    earlier.mkdir()
    earlier.chmod(0o755)
    for path in (earlier, tmp_path / "new"):
        private.make_directory(path)
        assert mode(path) == 0o700


@as_root
@pytest.mark.parametrize("trusts_parent", [True, False])
def test_directory_of_another_user_is_refused(tmp_path: Path, trusts_parent: bool) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    os.chown(theirs, NOBODY, NOBODY)
    with pytest.raises(errors.NotPrivate, match=r"theirs belongs to nobody; run gifapp as nobody"):
        private.make_directory(theirs, trusts_parent=trusts_parent)


@as_root
def test_data_directory_does_not_trust_its_parents_owner(tmp_path: Path) -> None:
    inside = tmp_path / "share" / "inside"
    inside.mkdir(parents=True)
    for path in (inside.parent, inside):
        os.chown(path, NOBODY, NOBODY)
    private.make_directory(inside)
    with pytest.raises(errors.NotPrivate):
        private.make_directory(inside, trusts_parent=False)


@pytest.mark.parametrize("what", ["file", "link", "dangling link"])
def test_planted_file_is_not_written_to(what: str, tmp_path: Path) -> None:
    theirs, name = tmp_path / "theirs", tmp_path / "name"
    if what == "file":
        name.write_text("theirs")
    else:
        name.symlink_to(theirs)
    if what == "link":
        theirs.write_text("theirs")
    with pytest.raises(FileExistsError):
        private.create(name)
    assert [path.read_text() for path in (theirs, name) if path.exists()] in ([], ["theirs"], ["theirs"] * 2)


def test_written_file_is_private_and_replaces_a_symlink(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    theirs.write_text("theirs")
    ours.symlink_to(theirs)
    private.write(ours, "ours")
    assert (theirs.read_text(), ours.read_text(), mode(ours)) == ("theirs", "ours", 0o600)


def test_file_is_made_private_when_read_and_symlinks_are_refused(tmp_path: Path) -> None:
    ours, link = tmp_path / "ours", tmp_path / "link"
    ours.write_text("ours")
    ours.chmod(0o644)
    assert (private.read(ours), mode(ours)) == (b"ours", 0o600)
    link.symlink_to(ours)
    with pytest.raises(errors.NotPrivate, match="link is a symbolic link"):
        private.read(link)


@as_root
def test_file_of_another_user_is_neither_read_nor_locked(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("a secret that they know")
    os.chown(theirs, NOBODY, NOBODY)
    for use in (private.read, private.open_lock):
        with pytest.raises(errors.NotPrivate, match="belongs to nobody"):
            use(theirs)


@pytest.mark.parametrize("use", [private.read, private.open_existing, private.open_lock])
@pytest.mark.parametrize("kind", ["pipe", "folder", "socket"])
def test_what_is_no_file_is_refused_without_blocking(
    tmp_path: Path, kind: str, use: Callable[[Path], object]
) -> None:
    make_other_than_file(tmp_path / "name", kind)
    with pytest.raises(errors.NotPrivate, match=r"name is not a file; move it away\."):
        use(tmp_path / "name")


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_file_that_the_operator_named_is_a_file(tmp_path: Path, kind: str) -> None:
    make_other_than_file(tmp_path / "named", kind)
    with pytest.raises(OSError, match="it is not a file"):
        private.read_named(tmp_path / "named")


def make_other_than_file(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")  # which never ends
    else:
        with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as listening:  # a long path fails
            listening.bind(path.name)


def test_lock_is_private_and_follows_no_symlink(tmp_path: Path) -> None:
    lock, theirs = tmp_path / "lock", tmp_path / "theirs"
    lock.touch(mode=0o644)
    private.open_lock(lock).close()
    assert mode(lock) == 0o600
    theirs.write_text("theirs")
    lock.unlink()
    lock.symlink_to(theirs)
    with pytest.raises(errors.NotPrivate, match="is a symbolic link"):
        private.open_lock(lock)
    assert theirs.read_text() == "theirs"


def test_converted_gif_has_the_users_own_mode(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    argv = [sys.executable, "-m", "gifapp", "convert", str(clip)]
    subprocess.run(argv, check=True, capture_output=True, umask=0o022, timeout=60)
    assert mode(tmp_path / "clip.gif") == 0o644
