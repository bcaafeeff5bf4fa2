import tomllib
from pathlib import Path

import yaml

from gifapp.up.programs import MONGOD, REDIS_SERVER
from tests.conftest import LONGEST

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text())


def test_conda_and_pip_require_the_same_python() -> None:
    assert f"python {PROJECT['requires-python']}" in CONDA["dependencies"]


def test_conda_installs_this_package_with_its_dependencies() -> None:
    assert CONDA["name"] == PROJECT["name"]
    assert {"pip": ["-e .[service]"]} in CONDA["dependencies"]
    assert "pip" in CONDA["dependencies"]


def test_conda_installs_the_programs_that_lack_wheels() -> None:
    assert {"redis-server", "mongodb", "ffmpeg"} <= {
        dependency for dependency in CONDA["dependencies"] if isinstance(dependency, str)
    }
    assert "conda install redis-server" in REDIS_SERVER.advice
    assert "conda install mongodb" in MONGOD.advice


def test_longest_files_exist() -> None:
    assert [file for file in LONGEST if not (ROOT / file).exists()] == []
