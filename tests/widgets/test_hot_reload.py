"""Hot reload of a checkout's widgets: a copy of the package is edited while a child process runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import gifapp
from gifapp.widgets.assets import script

PACKAGE = Path(gifapp.__file__).parent

FOLLOW = """
import sys, threading
from gifapp.widgets.controls.summary import Summary

widget, follows = Summary(), threading.Event()
widget.observe(lambda change: "/* edited */" in change["new"] and follows.set(), sys.argv[1])
print("ready", flush=True)
follows.wait()
print(len(widget._esm) > 100 and len(widget._css) > 100)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "gifapp", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize(
    ("trait", "file"),
    [
        ("_esm", "controls/summary.js"),
        ("_esm", "common.js"),  # imported by the widget's own script
        ("_css", "controls/summary.css"),
    ],
)
def test_widget_follows_its_files(checkout: Path, trait: str, file: str) -> None:
    command = [sys.executable, "-c", FOLLOW, trait]
    env = os.environ | {"PYTHONPATH": str(checkout), "ANYWIDGET_HMR": "1"}
    with subprocess.Popen(command, cwd=checkout, env=env, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        edit_until_over(child, checkout / "gifapp/widgets" / file)
        assert child.stdout.read() == "True\n"


def edit_until_over(child: "subprocess.Popen[str]", file: Path) -> None:
    """Edit again and again, because the child may not be watching yet."""
    text = file.read_text()
    for count in range(300):
        file.write_text(text + "\n" * count + "/* edited */\n")
        try:
            child.wait(0.2)
        except subprocess.TimeoutExpired:
            continue
        return
    child.kill()


def test_service_watches_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANYWIDGET_HMR", raising=False)
    assert isinstance(script("controls/summary"), str)
