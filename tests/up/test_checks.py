import socket
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.up.checks import check_free_space, responds, usable_port


def test_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(errors.PortTaken, match=f"Port {port} on 127.0.0.1 is in use"):
            usable_port("127.0.0.1", port)


def test_port_zero_chooses_a_free_one() -> None:
    assert 10_000 <= usable_port("127.0.0.1", 0) < 32_000


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid", "a" * 300, "\0"])
def test_address_of_another_machine_is_a_wrong_setting(host: str) -> None:
    with pytest.raises(errors.SettingInvalid, match="GIFAPP_HOST"):
        usable_port(host, 0)


def test_full_disk_is_reported_before_anything_starts(tmp_path: Path) -> None:
    check_free_space(tmp_path, needed_bytes=1)
    with pytest.raises(errors.DiskAlmostFull, match="GB are free at"):
        check_free_space(tmp_path, needed_bytes=10**18)


def test_free_port_does_not_respond() -> None:
    assert not responds(f"http://127.0.0.1:{usable_port('127.0.0.1', 0)}/health/ready")
