"""gifapp as `pip install .` installs it, without what the service needs."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project.test_package import SERVICE_MODULES
from tests.support.letters import write_clip

MISSING = f"import sys; sys.modules.update(dict.fromkeys({sorted(SERVICE_MODULES)}))"
RUN = f"{MISSING}; from gifapp.__main__ import main; main(sys.argv[1:])"


def gifapp(*words: str, within: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"GIFAPP_DATA_DIR": str(within / "data")}
    return subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=within,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    )


def test_video_is_converted(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    done = gifapp("convert", "clip.mkv", "--quiet", within=tmp_path)
    assert (done.stderr, (tmp_path / "clip.gif").exists()) == ("", True)


def test_library_works_without_the_service() -> None:
    code = f"{MISSING}; import gifapp; print(*(getattr(gifapp, name) for name in gifapp.__all__))"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_settings_are_shown(tmp_path: Path) -> None:
    assert "GIFAPP_MAX_PIXELS" in gifapp("config", within=tmp_path).stdout


@pytest.mark.parametrize("words", ["up", "worker", "jobs list", "doctor"])
def test_commands_of_the_service_say_what_to_install(words: str, tmp_path: Path) -> None:
    done = gifapp(*words.split(), within=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    sentence = (
        r"gifapp: This needs more than is installed \(\w+ is missing\): pip install 'gifapp\[service\]'\.\n"
    )
    assert re.fullmatch(sentence, done.stderr)
