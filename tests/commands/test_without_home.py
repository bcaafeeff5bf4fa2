"""A user without a home directory, as is common in containers."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.letters import write_clip

HOMELESS = "import pwd; pwd.getpwuid = lambda uid: {}[uid]"


def test_user_without_home_converts_and_is_told_to_choose_a_data_directory(tmp_path: Path) -> None:
    write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    assert gifapp("convert", "clip.mkv", "--quiet", within=tmp_path) == ""
    assert gifapp("up", within=tmp_path) == (
        "gifapp: The setting GIFAPP_DATA_DIR is wrong: this user has no home directory; "
        "choose a place with --data-dir.\n"
    )
    assert {path.name for path in tmp_path.iterdir()} == {"clip.mkv", "clip.gif"}  # and no folder named ~


def gifapp(*words: str, within: Path) -> str:
    code = f"{HOMELESS}; import sys; from gifapp.__main__ import main; main(sys.argv[1:])"
    environment = {name: value for name, value in os.environ.items() if name != "HOME" and "XDG" not in name}
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=within,
        env=environment,
        check=False,
        capture_output=True,
        text=True,
    ).stderr
