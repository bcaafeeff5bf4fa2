"""The public names of `import gifapp`, and what it needs."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import gifapp

PACKAGE = Path(gifapp.__file__).parent
PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
# without any extra: a converter, a client and widgets
LIGHT = (
    "__init__",
    "client",
    "conversion",
    "domain",
    "errors",
    "ffmpeg_program",
    "launcher",
    "processes",
    "settings",
    "widgets",
)
IF_PRESENT = {
    "IPython",
    "matplotlib",
    "ssimulacra2",
    "tqdm",
    "watchfiles",
}  # the caller's, or a checkout's


def modules_of(lines: list[str]) -> set[str]:
    """The importable top-level modules of these requirements."""
    names = {canonicalize_name(Requirement(line).name) for line in lines}
    return {
        module
        for module, owners in packages_distributions().items()
        if {canonicalize_name(owner) for owner in owners} & names
    }


LIGHT_MODULES = modules_of(PROJECT["dependencies"])
SERVICE_MODULES = modules_of(PROJECT["optional-dependencies"]["service"]) - LIGHT_MODULES


def light_files() -> Iterator[Path]:
    for name in LIGHT:
        yield from (PACKAGE / name).rglob("*.py") if (PACKAGE / name).is_dir() else [PACKAGE / f"{name}.py"]


def test_public_names_are_listed_and_exist() -> None:
    assert dir(gifapp) == sorted(gifapp.__all__)
    assert all(getattr(gifapp, name) is not None for name in gifapp.__all__)


def test_errors_need_no_separate_import() -> None:
    code = "import gifapp; print(gifapp.errors.GifappError.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "GifappError\n"


def test_service_is_an_extra() -> None:
    assert {"huey", "mongoengine", "redis", "tornado", "voila"} <= SERVICE_MODULES
    assert {"PIL", "anywidget", "av", "httpx", "ipywidgets", "moviepy", "numpy"} <= LIGHT_MODULES


@pytest.mark.parametrize("file", list(light_files()), ids=lambda file: str(file.relative_to(PACKAGE)))
def test_library_imports_nothing_that_only_the_service_needs(file: Path) -> None:
    allowed = LIGHT_MODULES | IF_PRESENT | sys.stdlib_module_names | {"gifapp"}
    assert {name.partition(".")[0] for name in absolute_imports(file)} <= allowed


def absolute_imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)
