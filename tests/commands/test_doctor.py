"""`gifapp doctor` reports what works, what is broken, and what to do."""

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from gifapp import confinement
from gifapp.commands.doctor import doctor
from gifapp.jobs.db import connection, workers
from gifapp.settings import Settings
from gifapp.up.findings import of_mongodb, of_this_machine

Report = dict[str, dict[str, str]]
EVERYWHERE = "0.0.0.0"  # noqa: S104


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, Report]]:
    def ask(**environment: str) -> tuple[int, Report]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        result = CliRunner().invoke(doctor, ["--json", "--data-dir", str(tmp_path)], catch_exceptions=False)
        return result.exit_code, {finding["name"]: finding for finding in json.loads(result.output)}

    return ask


@pytest.fixture
def servers(mongodb_url: str, redis_url: str) -> Iterator[dict[str, str]]:
    connection.connect(mongodb_url)
    yield {"GIFAPP_MONGODB_URL": mongodb_url, "GIFAPP_REDIS_URL": redis_url}
    connection.disconnect()


def test_everything_is_ok_before_the_first_start(ask: Callable[..., tuple[int, Report]]) -> None:
    status, report = ask()
    assert status == 0
    assert {
        "gifapp",
        "ffmpeg",
        "confinement",
        "data directory",
        "secret",
        "redis-server",
        "mongod",
        "service",
    } <= report.keys()
    assert not [finding for finding in report.values() if finding["state"] == "broken"]


def test_versions_of_servers_and_number_of_workers_are_reported(
    ask: Callable[..., tuple[int, Report]], servers: dict[str, str]
) -> None:
    status, report = ask(**servers)
    assert (status, report["workers"]["state"]) == (1, "broken")
    workers.report("here:1", jobs=0, memory_bytes=1)
    status, report = ask(**servers)
    assert status == 0
    assert report["workers"]["found"] == "1 running"
    assert report["mongodb"]["found"].startswith("6.")
    assert report["mongodb"]["state"] == "look"
    assert "no longer gets security fixes: put mongod 7.0 on PATH" in report["mongodb"]["advice"]
    assert "append-only file on, noeviction" in report["redis"]["found"]
    assert report["clock"]["state"] == "ok"
    assert not [url for url in servers.values() if url in json.dumps(report)]


@pytest.mark.parametrize(("version", "state"), [((6, 0), "look"), ((7, 0), "ok"), ((8, 2), "ok")])
def test_unmaintained_mongodb_gets_a_warning(version: tuple[int, int], state: str) -> None:
    assert of_mongodb("mongodb", version, "found").state == state


def test_unreachable_server_is_reported_with_advice(ask: Callable[..., tuple[int, Report]]) -> None:
    away = {"GIFAPP_MONGODB_URL": "mongodb://127.0.0.1:1/x", "GIFAPP_REDIS_URL": "redis://127.0.0.1:1/0"}
    status, report = ask(**away)
    assert status == 1
    for name in ("mongodb", "redis"):
        assert (report[name]["state"], report[name]["found"][:11]) == ("broken", "no response")
        assert f"GIFAPP_{name.upper()}_URL" in report[name]["advice"]


@pytest.mark.parametrize("name", ["mongodb", "redis"])
def test_one_configured_server_is_checked_before_the_first_start(
    ask: Callable[..., tuple[int, Report]], name: str
) -> None:
    status, report = ask(**{f"GIFAPP_{name.upper()}_URL": f"{name}://127.0.0.1:1/0"})
    assert (status, report[name]["state"], report["service"]["state"]) == (1, "broken", "ok")


def test_unusable_storage_is_reported_in_a_sentence(ask: Callable[..., tuple[int, Report]]) -> None:
    status, report = ask(GIFAPP_STORAGE_URL="file://relative")
    assert status == 1
    assert report["storage"]["found"].endswith("s3://bucket/prefix.")


def test_wrong_password_is_reported_as_such(
    ask: Callable[..., tuple[int, Report]], servers: dict[str, str]
) -> None:
    wrong = {name: with_password(url, "wrong") for name, url in servers.items()}
    status, report = ask(**wrong)
    assert status == 1
    for name in ("mongodb", "redis"):
        assert report[name]["found"] == "user or password rejected"
        assert report[name]["advice"] == f"correct GIFAPP_{name.upper()}_URL"


def with_password(url: str, password: str) -> str:
    return re.sub(r":[^:@/]+@", f":{password}@", url)


def test_secret_readable_by_others_is_reported(
    ask: Callable[..., tuple[int, Report]], tmp_path: Path
) -> None:
    secret = tmp_path / "secret.key"
    secret.write_text("x" * 64)
    secret.chmod(0o644)
    status, report = ask()
    assert (status, report["secret"]["advice"]) == (1, f"chmod 600 {secret}")
    secret.chmod(0o600)
    assert ask()[0] == 0


def test_folder_in_place_of_the_secret_is_not_to_be_closed(
    ask: Callable[..., tuple[int, Report]], tmp_path: Path
) -> None:
    (tmp_path / "secret.key").mkdir(mode=0o755)
    status, report = ask()
    assert status == 1
    assert report["secret"]["found"].endswith("secret.key is not a file")
    assert "chmod" not in report["secret"]["advice"]


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
def test_doctor_reports_whether_decoders_are_confined(
    ask: Callable[..., tuple[int, Report]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "landlock_version", lambda: 0)
    status, report = ask()
    assert (status, report["confinement"]["state"]) == (0, "look")
    assert "Linux 5.13" in report["confinement"]["advice"]


@pytest.mark.skipif(not confinement.landlock_version(), reason="the kernel has no Landlock")
def test_doctor_reports_decoders_whose_libraries_are_out_of_reach(
    ask: Callable[..., tuple[int, Report]], tmp_path: Path
) -> None:
    program = tmp_path / "bin" / "ffmpeg"
    program.parent.mkdir()
    (tmp_path / "version").write_text("ffmpeg version 9\n")
    program.write_text(f"#!/bin/sh\nexec cat {tmp_path / 'version'}\n")
    program.chmod(0o755)
    status, report = ask(IMAGEIO_FFMPEG_EXE=str(program))
    assert (status, report["confinement"]["state"]) == (1, "broken")
    assert "does not find its libraries" in report["confinement"]["found"]


def test_open_address_without_tls_gets_a_warning(tmp_path: Path) -> None:
    def address(**values: Any) -> str:
        settings = Settings(data_dir=tmp_path, **values)
        return next(finding.state for finding in of_this_machine(settings) if finding.name == "address")

    assert address(host=EVERYWHERE) == "look"
    assert address(host=EVERYWHERE, public_url="https://gifs.example.org") == address() == "ok"


def test_findings_are_printed_as_a_table(tmp_path: Path) -> None:
    output = CliRunner().invoke(doctor, ["--data-dir", str(tmp_path / "new")], catch_exceptions=False).output
    assert "ffmpeg" in output
    assert "it will be created" in output.replace("\n", " ")
