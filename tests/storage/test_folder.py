"""The storage folder on a machine with other users."""

import fcntl
import os
import stat
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.commands.parts import open_storage
from gifapp.settings import Settings
from tests.support.storages import storage_at

FOLDERS = ("incoming", "scratch", "uploads", "sources", "posters", "proxies", "gifs", "stills")


def test_open_storage_is_made_private(tmp_path: Path) -> None:
    storage = tmp_path / "storage"
    for name in FOLDERS:
        (storage / name).mkdir(parents=True)
    (storage / "lock").touch()
    for path in (storage, *storage.iterdir()):
        path.chmod(0o755)
    with open_storage(Settings(data_dir=tmp_path)).store.exclusive():
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (storage, *storage.iterdir())}
    assert modes == dict.fromkeys(("storage", *FOLDERS), 0o700) | {"lock": 0o600}


def test_configured_storage_keeps_its_permissions(tmp_path: Path) -> None:
    share = tmp_path / "share"
    share.mkdir()
    share.chmod(0o750)
    storage_at(share.as_uri())
    assert stat.S_IMODE(share.stat().st_mode) == 0o750
    assert {stat.S_IMODE((share / name).stat().st_mode) for name in FOLDERS} == {0o700}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to another user")
@pytest.mark.parametrize("name", ["incoming", "sources"])
def test_folder_of_another_user_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    os.chown(tmp_path / name, 65534, 65534)
    with pytest.raises(errors.NotPrivate, match=f"{name} belongs to nobody"):
        storage_at(tmp_path.as_uri())


def test_exclusive_storage_holds_the_lock(tmp_path: Path) -> None:
    with (
        storage_at(tmp_path.as_uri()).store.exclusive(),
        (tmp_path / "lock").open() as other,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
