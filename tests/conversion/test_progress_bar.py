"""The progress bar of a terminal, and Ctrl-C."""

import os
import pty
import signal
import subprocess
import sys
import termios
from pathlib import Path

import psutil
import pytest

from gifapp import options
from gifapp.conversion.progress_bar import listener
from gifapp.domain.job import Progress

ENDLESS = """
import itertools, numpy, gifapp
gifapp.convert(numpy.zeros((90, 160, 3), numpy.uint8) for _ in itertools.count())
"""


def test_ctrl_c_removes_the_bar_and_all_else(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    argv = [sys.executable, "-c", ENDLESS]
    with psutil.Popen(argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as script:
        os.close(theirs)
        shown = b""
        while b"Preparing" not in shown:
            shown += os.read(ours, 1024)
        children = script.children()
        script.send_signal(signal.SIGINT)
        while b"KeyboardInterrupt" not in shown:
            shown += os.read(ours, 1024)
    os.close(ours)
    assert script.returncode == -signal.SIGINT
    assert b" " * 70 in shown.rpartition(b"Preparing")[2]  # the bar is wiped
    assert children
    assert not [child for child in children if child.is_running()]
    assert list(tmp_path.iterdir()) == []


def test_no_bar_is_shown_where_nobody_sees_it(capfd: pytest.CaptureFixture[str]) -> None:
    with listener(None) as report:
        report(Progress(phase="reading", fraction=0.5, eta_s=1.0))
    assert capfd.readouterr() == ("", "")


def test_bar_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with listener(None) as shown:
        pass
    options.progress = False
    try:
        with listener(None) as ignored:
            pass
    finally:
        options.progress = True
    assert type(shown) is not type(ignored)


def test_gifapp_loads_no_jupyter_and_no_matplotlib() -> None:
    code = (
        "import sys, gifapp; assert not {'IPython', 'matplotlib', 'tqdm', 'numpy'} & set(sys.modules);"
        "import numpy; gifapp.convert(numpy.zeros((2, 4, 5), numpy.uint8));"
        "assert not {'IPython', 'matplotlib', 'tqdm', 'ssimulacra2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
