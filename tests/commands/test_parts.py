import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.commands.parts import Foundation, prepare, read_secret
from gifapp.domain.limits import Allowance
from gifapp.settings import Settings
from gifapp.up.directory import Addresses, lock_data_directory, published_addresses


@pytest.mark.parametrize("is_configured", [False, True])
def test_secret_is_created_once_and_private(tmp_path: Path, is_configured: bool) -> None:
    configured = tmp_path / "new" / "ours" if is_configured else None
    settings = Settings(data_dir=tmp_path / "new", secret_file=configured)
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: read_secret(settings), range(8)))
    assert len(secrets) == 1
    [secret_file] = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(secret_file.stat().st_mode) == 0o600
    assert secrets == {secret_file.read_bytes()}


def test_open_secret_is_made_private_and_symlinks_are_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.key"
    secret.write_text("s" * 64)
    secret.chmod(0o644)
    assert read_secret(Settings(data_dir=tmp_path)) == b"s" * 64
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    linked = secret.rename(tmp_path / "known to others")
    secret.symlink_to(linked)
    with pytest.raises(errors.NotPrivate, match="is a symbolic link"):
        read_secret(Settings(data_dir=tmp_path))
    assert read_secret(Settings(data_dir=tmp_path, secret_file=secret)) == b"s" * 64


def test_short_secret_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("hunter2\n")
    with pytest.raises(errors.SettingInvalid, match=r"GIFAPP_SECRET_FILE is wrong: .* at least 32 bytes"):
        read_secret(Settings(data_dir=tmp_path, secret_file=tmp_path / "short"))


def test_unreadable_secret_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(errors.SettingInvalid, match=r"GIFAPP_SECRET_FILE is wrong: .*: it is not a file"):
        read_secret(Settings(data_dir=tmp_path, secret_file=tmp_path))


def test_configured_addresses_take_precedence(tmp_path: Path) -> None:
    addresses = Addresses("http://127.0.0.1:1", "redis://r", "mongodb://m/gifapp")
    with lock_data_directory(tmp_path), published_addresses(tmp_path, addresses):
        foundation = prepare(Settings(data_dir=tmp_path, redis_url="redis://mine"))
    assert (foundation.redis_url, foundation.mongodb_url) == ("redis://mine", "mongodb://m/gifapp")


def test_without_a_service_the_error_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(errors.ServiceNotFound, match="Start it with `gifapp up`"):
        prepare(Settings(data_dir=tmp_path))


def test_limits_per_user_reach_the_jobs(tmp_path: Path, redis_url: str, mongodb_url: str) -> None:
    settings = Settings(data_dir=tmp_path, user_jobs_running=2, user_quota_bytes=10**9)
    with Foundation(settings, redis_url, mongodb_url, b"s" * 32).build_jobs() as jobs:
        assert jobs.allowance == Allowance(running=2, stored_bytes=10**9)
