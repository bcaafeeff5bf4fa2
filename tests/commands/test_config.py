from pathlib import Path

import pytest
from click.testing import CliRunner

from gifapp.commands.config import config


def test_every_setting_shows_its_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_PORT", "9000")
    (tmp_path / "gifapp.toml").write_text('port = 1\nworkers = "2..3"\n')
    lines = shown(tmp_path)
    assert lines["GIFAPP_DATA_DIR"] == [str(tmp_path), "flag"]
    assert lines["GIFAPP_PORT"] == ["9000", "environment"]
    assert lines["GIFAPP_WORKERS"] == ["2..3", str(tmp_path / "gifapp.toml")]
    assert lines["GIFAPP_HOST"] == ["127.0.0.1", "default"]


def test_passwords_are_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_REDIS_URL", "redis://:hunter2@host:6379/0")
    assert shown(tmp_path)["GIFAPP_REDIS_URL"] == ["redis://:…@host:6379/0", "environment"]


def shown(data_dir: Path) -> dict[str, list[str]]:
    output = CliRunner().invoke(config, ["--data-dir", str(data_dir)], catch_exceptions=False).output
    return {line.split()[0]: line.split()[1:] for line in output.splitlines()}
