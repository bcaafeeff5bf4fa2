import os
import sys
import threading
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from gifapp import errors
from gifapp.backoff import Backoff
from gifapp.processes import wait_until
from gifapp.up.child import Child, Part
from gifapp.up.supervisor import CrashLimit, Supervisor
from tests.test_private import NOBODY

HASTY = CrashLimit(deaths=3, young_s=30, restarts=Backoff(first_s=0.01, longest_s=10))


def test_stages_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    first, second = (child(tmp_path, name, noting(name)) for name in ("first", "second"))
    Supervisor([[first], [second]], stopping=after((tmp_path / "second.up").exists)).run(
        on_ready=lambda: None
    )
    assert (tmp_path / "noted").read_text().split() == ["+first", "+second", "-second", "-first"]


def test_ready_is_printed_once_everything_is_ready(tmp_path: Path) -> None:
    reports: list[bool] = []
    slow = child(tmp_path, "slow", f"sleep 0.3; touch slow.up; {UNTIL_TERM}")
    supervisor = Supervisor([[slow]], stopping=after(lambda: bool(reports)))
    supervisor.run(on_ready=lambda: reports.append((tmp_path / "slow.up").exists()))
    assert reports == [True]


class Busy(StringIO):
    """A terminal that accepts the first line only after everything is ready, or after a while."""

    def __init__(self, is_ready: threading.Event) -> None:
        super().__init__()
        self._is_ready = is_ready

    def write(self, text: str) -> int:
        self._is_ready.wait(0.5)
        return super().write(text)


def test_output_before_ready_is_shown_before_the_ready_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_ready, shown = threading.Event(), []
    terminal = Busy(is_ready)
    monkeypatch.setattr(sys, "stdout", terminal)
    telling = child(tmp_path, "telling", f"echo the link; touch telling.up; {UNTIL_TERM}", shows_output=True)

    def say_ready() -> None:
        shown.append(terminal.getvalue())
        is_ready.set()

    Supervisor([[telling]], stopping=after(is_ready.is_set)).run(on_ready=say_ready)
    assert shown == ["the link\n"]


def test_dead_part_is_restarted(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    mortal = child(tmp_path, "mortal", f"echo x >> {starts}; touch mortal.up; sleep 0.3")
    twice = after(lambda: starts.exists() and len(starts.read_text().split()) == 2)
    Supervisor([[mortal]], stopping=twice, crash_limit=HASTY).run(on_ready=lambda: None, every_s=0.01)


def test_part_that_keeps_dying_is_given_up_with_its_last_output(tmp_path: Path) -> None:
    mortal = child(tmp_path, "mortal", "touch mortal.up; sleep 0.2; echo no luck >&2; exit 7")
    supervisor = Supervisor([[mortal]], stopping=after(lambda: False), crash_limit=HASTY)
    with pytest.raises(errors.ServerKeepsFailing, match=r"mortal stopped 3 times .* status 7; .*: no luck"):
        supervisor.run(on_ready=lambda: None, every_s=0.01)


def test_part_that_cannot_start_is_not_retried(tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    stillborn = child(tmp_path, "stillborn", f"echo x >> {starts}; echo 'bad setting' >&2; exit 1")
    with pytest.raises(errors.ServerFailed, match=r"stillborn failed to start: .*bad setting"):
        Supervisor([[stillborn]], stopping=after(lambda: False)).run(on_ready=lambda: None)
    assert starts.read_text().split() == ["x"]


def test_part_that_never_gets_ready_is_stopped(tmp_path: Path) -> None:
    part = Part("lazy", ("sleep", "60"), tmp_path, is_ready=lambda: False, start_timeout_s=0.2)
    lazy = Child(part, tmp_path / "lazy.log")
    with pytest.raises(errors.ServerFailed, match="lazy failed to start: it did not respond in time"):
        Supervisor([[lazy]], stopping=after(lambda: False)).run(on_ready=lambda: None)
    assert lazy.has_ended


def test_stop_does_not_wait_for_a_slow_start(tmp_path: Path) -> None:
    part = Part("slow", ("sleep", "60"), tmp_path, is_ready=lambda: False)
    slow, reports = Child(part, tmp_path / "slow.log"), []
    stop_when_asked_again = iter([False, False])  # once before the start, once while waiting
    supervisor = Supervisor([[slow]], stopping=lambda: next(stop_when_asked_again, True))
    supervisor.run(on_ready=lambda: reports.append("ready"))
    assert reports == []
    assert slow.has_ended


def test_output_goes_to_the_log_and_optionally_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    speaking = Part(
        "speaker", ("sh", "-c", "echo hello; echo hidden >&2"), tmp_path, lambda: True, shows_output=True
    )
    speaker = Child(speaking, tmp_path / "speaker.log")
    speaker.start()
    assert wait_until(lambda: speaker.has_ended, timeout_s=5)
    speaker.stop()
    assert sorted((tmp_path / "speaker.log").read_text().split()) == ["hello", "hidden"]
    assert capfd.readouterr().out == "hello\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_log_is_not_written_through_a_planted_symlink(tmp_path: Path) -> None:
    ours, log = tmp_path / "ours", tmp_path / "speaker.log"
    ours.touch()
    log.symlink_to(ours)
    os.chown(log, NOBODY, NOBODY, follow_symlinks=False)
    with pytest.raises(errors.NotPrivate, match=r"speaker\.log belongs to nobody"):
        Child(Part("speaker", ("echo", "hello"), tmp_path, lambda: True), log).start()
    assert ours.read_text() == ""


UNTIL_TERM = "trap 'kill $!' TERM; sleep 60 & wait"


def noting(name: str) -> str:
    """A script that records its start and its end."""
    end = f"trap 'echo -{name} >> noted; kill $!; exit' TERM"  # before it can receive a signal
    return f"{end}; echo +{name} >> noted; sleep 60 & touch {name}.up; wait"


def child(directory: Path, name: str, script: str, *, shows_output: bool = False) -> Child:
    """A child running a shell script; it is ready once the script has touched NAME.up."""
    is_up = (directory / f"{name}.up").exists
    part = Part(name, ("sh", "-c", script), directory, is_ready=is_up, shows_output=shows_output)
    return Child(part, directory / f"{name}.log")


def after(condition: Callable[[], bool], timeout_s: float = 10) -> Callable[[], bool]:
    """A stop signal raised once `condition` holds; fails the test if that takes too long."""
    end = time.monotonic() + timeout_s

    def stopping() -> bool:
        assert time.monotonic() < end
        return condition()

    return stopping
