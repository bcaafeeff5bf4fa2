"""Runs every command and Python example of README and docs as written, beside a real service."""

import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient

from tests.support.clips import pattern
from tests.support.letters import run_ffmpeg
from tests.support.service import PASSWORD, RunningService, running_service

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<why>.+) -->\n)?```(?P<language>sh|python)\n(?P<code>.*?)^```", re.M | re.S
)

# stand-ins for what readers supply themselves
WORDS = {
    "http://127.0.0.1:8866": "{url}",
    "…": PASSWORD,
    "/srv/": "{folder}/srv/",
    "revoke-link ID": 'revoke-link "$(gifapp admin list-links | tail -1 | cut -d " " -f 1)"',
    ". .venv/bin/activate": ":",
}
EMAILS = ("ada@example.org", "ada@example.com")
BEFORE = {
    "docs/recipe.md": """
        from matplotlib import pyplot
        from matplotlib.animation import FuncAnimation
        figure, axes = pyplot.subplots(figsize=(1, 1))
        (line,) = axes.plot([0, 1], [0, 1])
        draw = lambda number: line.set_data([0, number / 90], [0, 1])
    """,
    "docs/notebooks.md": """
        import numpy
        frames = numpy.random.default_rng(1).integers(0, 255, (3, 8, 9, 3), "uint8")
        temperatures = 20 * numpy.random.default_rng(1).random((3, 8, 9))
    """,
}


class Example(NamedTuple):
    page: str
    number: int
    language: str
    code: str
    why_not_run: str | None


def examples() -> Iterator[Example]:
    for page in PAGES:
        for number, match in enumerate(_BLOCK.finditer(page.read_text()), 1):
            name = str(page.relative_to(ROOT))
            yield Example(name, number, match["language"], match["code"], match["why"])


EXAMPLES = list(examples())


def of(language: str) -> list[pytest.ParameterSet]:
    return [
        pytest.param(example, id=f"{example.page}-{example.number}")
        for example in EXAMPLES
        if example.language == language and not example.why_not_run
    ]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with running_service(tmp_path_factory.mktemp("service")) as running:
        for email in EMAILS:
            running.sign_up(email).close()
        yield running


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the examples refer to."""
    folder = tmp_path_factory.mktemp("media")
    short = pattern(folder / "clip.mp4", size="160x120", seconds=7)
    for name in ("clip.mov", "party.mov", "demo.mp4", "cat.mp4"):
        shutil.copy(short, folder / name)
    long = pattern(folder / "talk.mp4", size="64x48", seconds=95, fps=5)
    shutil.copy(long, folder / "film.mkv")
    run_ffmpeg("-i", short, "-t", 1, "-c:v", "libvpx", folder / "me.webm")
    run_ffmpeg("-i", short, "-r", 10, "-vf", "scale=64:-1", folder / "cat.gif")
    (folder / "film.srt").write_text("1\n00:01:31,000 --> 00:01:33,000\nHello\n")
    (folder / "pictures").mkdir()
    run_ffmpeg("-i", short, "-frames:v", 3, folder / "pictures" / "%d.png")
    return folder


@pytest.fixture
def folder(media: Path, tmp_path: Path) -> Path:
    """The working directory of an example."""
    shutil.copytree(media, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def environment(service: RunningService, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    programs = tmp_path_factory.mktemp("programs")
    made = {"gifapp": f'exec "{sys.executable}" -m gifapp "$@"'}
    if not shutil.which("jq"):
        made["jq"] = (
            f'''exec "{sys.executable}" -c "import json, sys; print(json.load(sys.stdin)['${{!#}}'[1:]])"'''
        )
    for name, line in made.items():
        program = programs / name
        program.write_text(f"#!/bin/bash\n{line}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "GIFAPP_DATA_DIR": str(service.printed.parent / "data"),
    }


def as_run(example: Example, service: RunningService, folder: Path) -> str:
    code = example.code
    for written, meant in WORDS.items():
        code = code.replace(written, meant.format(url=service.url, folder=folder))
    return code


@pytest.mark.parametrize("example", of("sh"))
def test_command_examples_work(
    example: Example, service: RunningService, folder: Path, environment: dict[str, str]
) -> None:
    script = "set -euo pipefail\n" + as_run(example, service, folder)
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
        stdin=subprocess.DEVNULL,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize("example", of("python"))
def test_python_examples_work(
    example: Example, service: RunningService, folder: Path, environment: dict[str, str]
) -> None:
    lines = [line.strip() for line in BEFORE.get(example.page, "").splitlines()]
    before = "import asyncio, gifapp\n" + "\n".join(lines)
    cells = [before, as_run(example, service, folder), "await asyncio.sleep(0.1)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    client.execute(env=environment)


def test_skipped_example_gives_a_reason() -> None:
    assert all(len(example.why_not_run.split()) >= 3 for example in EXAMPLES if example.why_not_run)
    assert sum(example.why_not_run is None for example in EXAMPLES) > len(EXAMPLES) / 2
