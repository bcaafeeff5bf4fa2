from pathlib import Path

import pytest

from gifapp import errors, settings, settings_file
from gifapp.domain.limits import Allowance
from gifapp.domain.networks import LOOPBACK


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(f"GIFAPP_{name.upper()}", raising=False)
    monkeypatch.setenv("GIFAPP_DATA_DIR", str(tmp_path))


def test_flag_precedes_environment_and_environment_precedes_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "gifapp.toml").write_text('port = 1000\nhost = "file"\nregistration = "closed"\n')
    monkeypatch.setenv("GIFAPP_PORT", "2000")
    monkeypatch.setenv("GIFAPP_HOST", "environment")
    loaded = settings.load(port=3000, host=None)
    assert (loaded.port, loaded.host, loaded.registration) == (3000, "environment", "closed")


def test_defaults_allow_only_local_access_and_invited_users() -> None:
    loaded = settings.load()
    assert (loaded.host, loaded.registration, loaded.cors_origins) == ("127.0.0.1", "invite", ())


def test_settings_file_is_that_of_the_data_directory_flag(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "gifapp.toml").write_text("port = 1234\n")
    assert settings.load(data_dir=tmp_path / "elsewhere").port == 1234


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("HOST", ""),
        ("PUBLIC_URL", "gifs.example.com"),
        ("PUBLIC_URL", "javascript:alert(1)"),
        ("PUBLIC_URL", "http://[::1"),
        ("PUBLIC_URL", "https://gifs.example.org:99999"),
        ("PUBLIC_URL", "https://me:hunter2@gifs.example.org"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://a.example,https://b.example/"),
        ("REGISTRATION", "maybe"),
        ("WORKERS", "many"),
        ("WORKERS", "0..0"),
        ("WORKERS", "5..1"),
        ("DEADLINE_S", "0"),
        ("USER_JOBS_RUNNING", "0"),
        ("USER_JOBS_PER_HOUR", "-1"),
        ("USER_QUOTA_BYTES", "1.5"),
        ("RETENTION_DAYS", "0"),
        ("TRUSTED_PROXIES", "proxy.example"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("RETENTION_DAYS", "1e308"),
        ("DEADLINE_S", "inf"),
        ("DEADLINE_S", "nan"),
        ("DRAIN_S", "1e308"),
        ("PORT", "9" * 5000),
        ("MAX_UPLOAD_BYTES", "9" * 30),
        ("WORKERS", "1.." + "9" * 5000),
        ("WORKERS", "1.." + "0" * 5000 + "1"),
    ],
)
def test_wrong_setting_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"GIFAPP_{name}", value)
    with pytest.raises(errors.SettingInvalid, match=f"GIFAPP_{name} is wrong: it must ") as refused:
        settings.load()
    assert "Input" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "example"),
    [("PUBLIC_URL", "https://gifs.example.org"), ("CORS_ORIGINS", "https://blog.example.org")],
)
def test_refusal_of_a_setting_shows_an_example(
    monkeypatch: pytest.MonkeyPatch, name: str, example: str
) -> None:
    monkeypatch.setenv(f"GIFAPP_{name}", "gifs.example.com")
    with pytest.raises(errors.SettingInvalid, match=f"such as {example}"):
        settings.load()


def test_password_in_a_wrong_setting_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_PUBLIC_URL", "ftp://me:hunter2@gifs.example.org")
    with pytest.raises(errors.SettingInvalid, match=r"ftp://me:…@gifs.example.org") as refused:
        settings.load()
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        f"port = {'9' * 5000}",
        f"port = {'[' * 5000}",
        "port = 9e999",
        f"max_upload_bytes = {'9' * 30}",
        "port =",
    ],
    ids=lambda line: line[:20],
)
def test_malformed_value_in_the_file_is_refused_in_a_sentence(line: str, tmp_path: Path) -> None:
    (tmp_path / "gifapp.toml").write_text(line)
    with pytest.raises(
        errors.SettingInvalid, match=r"The setting (GIFAPP_\w+|file .*gifapp\.toml) is wrong: "
    ):
        settings.load()


def test_largest_numbers_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, most in (("RETENTION_DAYS", 36_500), ("DEADLINE_S", 10**9), ("MAX_UPLOAD_BYTES", 10**15)):
        monkeypatch.setenv(f"GIFAPP_{name}", str(most))
    monkeypatch.setenv("GIFAPP_WORKERS", "0..9999")
    assert settings.load().worker_range == (0, 9999)


def test_file_cannot_set_its_own_data_directory(tmp_path: Path) -> None:
    (tmp_path / "gifapp.toml").write_text('data_dir = "/srv/elsewhere"\n')
    with pytest.raises(
        errors.SettingInvalid, match=r"GIFAPP_DATA_DIR .*gifapp\.toml cannot set it.*--data-dir"
    ):
        settings.load(data_dir=tmp_path)


def test_unknown_key_in_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "gifapp.toml").write_text("prot = 1234\n")
    with pytest.raises(errors.SettingInvalid, match=r"GIFAPP_PROT .*did you mean port\?"):
        settings.load()


@pytest.mark.parametrize("content", [b"port = = 1\n", b'host = "\xff"'])
def test_malformed_file_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "gifapp.toml").write_bytes(content)
    with pytest.raises(errors.SettingInvalid, match=r"gifapp\.toml"):
        settings.load()


@pytest.mark.parametrize("kind", ["folder", "link to nothing"])
def test_settings_file_that_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "gifapp.toml"
    if kind == "folder":  # as Docker makes for a missing file
        path.mkdir()
    else:
        path.symlink_to("missing")
    assert settings_file.any_set()
    with pytest.raises(errors.SettingInvalid, match=r"gifapp\.toml is wrong: it is not a file"):
        settings.load()


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_CORS_ORIGINS", "https://a.example, https://b.example")
    assert settings.load().cors_origins == ("https://a.example", "https://b.example")


def test_limits_per_user_are_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.load().allowance == Allowance()
    variables = {"USER_JOBS_RUNNING": "2", "USER_JOBS_PER_HOUR": "30", "RETENTION_DAYS": "0.5"}
    for name, value in {**variables, "USER_QUOTA_BYTES": "5000000000"}.items():
        monkeypatch.setenv(f"GIFAPP_{name}", value)
    bounded = Allowance(running=2, jobs_per_hour=30, stored_bytes=5_000_000_000, retention_days=0.5)
    assert settings.load().allowance == bounded


def test_only_configured_proxies_are_trusted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def trusted() -> list[str]:
        return [str(proxy) for proxy in settings.load().proxies]

    assert trusted() == []
    (tmp_path / "gifapp.toml").write_text('trusted_proxies = ["10.0.0.7"]\n')
    assert trusted() == ["10.0.0.7/32"]
    monkeypatch.setenv("GIFAPP_PUBLIC_URL", "https://gifs.example.org")
    monkeypatch.setenv("GIFAPP_TRUSTED_PROXIES", "10.0.0.0/8, fd00::1")
    assert trusted() == ["10.0.0.0/8", "fd00::1/128"]
    monkeypatch.setenv("GIFAPP_TRUSTED_PROXIES", "")
    assert trusted() == []


def test_local_proxy_is_trusted_with_a_public_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIFAPP_PUBLIC_URL", "https://gifs.example.org")
    assert settings.load().proxies == LOOPBACK
