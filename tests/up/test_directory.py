import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.processes import wait_until
from gifapp.up.directory import Addresses, lock_data_directory, published_addresses, running_service

ADDRESSES = Addresses("http://127.0.0.1:1", "redis://:secret@127.0.0.1:2/0", "mongodb://127.0.0.1:3/gifapp")


def test_second_service_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    with (
        lock_data_directory(tmp_path),
        pytest.raises(errors.DataDirectoryHeld, match=rf"in use by gifapp \(process {os.getpid()}\)\."),
        lock_data_directory(tmp_path),
    ):
        pass


def test_killed_holder_releases_the_directory(tmp_path: Path) -> None:
    code = (
        "import time; from pathlib import Path; from gifapp.up.directory import lock_data_directory\n"
        "with lock_data_directory(Path.cwd()): Path('held').touch(); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path) as other:
        assert wait_until((tmp_path / "held").exists, timeout_s=10)
        other.kill()
    with lock_data_directory(tmp_path):
        assert (tmp_path / "run" / "lock").read_text() == str(os.getpid())


@pytest.mark.parametrize("path", ["a file", "a file/below"])
def test_impossible_directory_is_refused_in_a_sentence(path: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with (
        pytest.raises(errors.DirectoryNotWritable, match=r"a file.* is not writable"),
        lock_data_directory(tmp_path / path),
    ):
        pass


def test_new_directory_is_private(tmp_path: Path) -> None:
    with lock_data_directory(tmp_path / "new" / "data"):
        assert stat.S_IMODE((tmp_path / "new" / "data").stat().st_mode) == 0o700


def test_open_directory_is_made_private(tmp_path: Path) -> None:
    folders = [tmp_path / "data", *(tmp_path / "data" / name for name in ("run", "logs"))]
    for folder in folders:
        folder.mkdir()
        folder.chmod(0o755)
    with lock_data_directory(tmp_path / "data"):
        assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_directory_of_other_files_is_not_closed_to_other_users(tmp_path: Path) -> None:
    (tmp_path / "passwd").touch()
    tmp_path.chmod(0o755)
    with (
        pytest.raises(errors.NotPrivate, match="has other files, and other users can read it; choose"),
        lock_data_directory(tmp_path),
    ):
        pass
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["passwd"]
    tmp_path.chmod(0o700)
    with lock_data_directory(tmp_path):
        pass
    tmp_path.chmod(0o755)
    with lock_data_directory(tmp_path):  # it is a data directory by now
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
@pytest.mark.parametrize("name", [".", "run", "logs", "run/lock"])
def test_directory_of_another_user_is_refused_by_name(name: str, tmp_path: Path) -> None:
    with lock_data_directory(tmp_path):
        pass
    os.chown(tmp_path / name, 65534, 65534)
    with (
        pytest.raises(errors.NotPrivate, match="belongs to nobody; run gifapp as nobody"),
        lock_data_directory(tmp_path),
    ):
        pass


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
def test_data_directory_in_another_users_directory_is_refused(tmp_path: Path) -> None:
    inside = tmp_path / "theirs" / "data"
    inside.mkdir(parents=True)
    for path in (inside.parent, inside):
        os.chown(path, 65534, 65534)
    with pytest.raises(errors.NotPrivate, match="belongs to nobody"), lock_data_directory(inside):
        pass


def test_running_service_is_found_by_its_directory(tmp_path: Path) -> None:
    assert running_service(tmp_path) is None
    with lock_data_directory(tmp_path), published_addresses(tmp_path, ADDRESSES):
        assert running_service(tmp_path) == ADDRESSES
        assert stat.S_IMODE((tmp_path / "run" / "services.json").stat().st_mode) == 0o600
    assert running_service(tmp_path) is None


def test_no_service_runs_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert running_service(tmp_path / "file") is None
    assert running_service(tmp_path / "file" / "data") is None


def test_addresses_of_a_killed_service_are_ignored(tmp_path: Path) -> None:
    with lock_data_directory(tmp_path), published_addresses(tmp_path, ADDRESSES):
        written = (tmp_path / "run" / "services.json").read_text()
    (tmp_path / "run" / "services.json").write_text(written)
    assert running_service(tmp_path) is None


@pytest.mark.parametrize("written", ["", "{", "[]", '{"url": "http://127.0.0.1:1"}'])
def test_unusable_addresses_are_explained(tmp_path: Path, written: str) -> None:
    with lock_data_directory(tmp_path), published_addresses(tmp_path, ADDRESSES):
        (tmp_path / "run" / "services.json").write_text(written)
        with pytest.raises(errors.SettingInvalid, match=r"services\.json is damaged.*; restart the service"):
            running_service(tmp_path)


def test_pipe_in_place_of_the_lock_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir(mode=0o700)
    os.mkfifo(tmp_path / "run" / "lock")
    with pytest.raises(errors.NotPrivate, match="lock is not a file"):
        running_service(tmp_path)
    with pytest.raises(errors.NotPrivate, match="lock is not a file"), lock_data_directory(tmp_path):
        pass
