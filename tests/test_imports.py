"""The layers of the house: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gifapp

PACKAGE = Path(gifapp.__file__).parent
EVERYONE = {"errors", "processes", "held", "private", "logs", "faults"}
LAYERS = {
    "errors": set(),
    "offline": set(),
    "processes": {"offline"},
    "held": set(),
    "private": set(),
    "logs": set(),
    "faults": set(),
    "domain": set(),
    "settings": {"domain"},
    "conversion": {"domain"},
    "mongodb": set(),
    "storage": {"domain"},
    "jobs": {"domain", "conversion", "mongodb", "storage"},
    "identity": {"domain", "mongodb"},
    "backup": {"domain", "jobs", "mongodb", "storage"},
    "web": {"domain", "conversion", "jobs", "identity", "storage"},
    "client": {"domain"},
    "widgets": {"domain", "client"},
    "up": {"settings"},
    "__init__": {"domain", "conversion", "client", "widgets"},
}
ABOVE_ALL = {"__main__", "commands"}
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_module_imports_only_its_own_layer_and_those_below(module: Path) -> None:
    layer = module.parts[0].removesuffix(".py")
    if layer not in ABOVE_ALL:
        ours = {name.split(".")[1] for name in imports(module) if name.startswith("gifapp.")}
        assert ours <= LAYERS[layer] | EVERYONE | {layer}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_compose_knows_moviepy(module: Path) -> None:
    if module != Path("conversion/compose.py"):
        assert not [name for name in imports(module) if name.split(".")[0] == "moviepy"]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_nobody_asks_pyav_for_the_side_data_of_a_strangers_picture(module: Path) -> None:
    """The process ends where there are some that it does not know; one module decodes, and never asks."""
    if module.parent.name == "images" or module.stem in ("pictures", "picture_facts", "overlay"):
        uses_pyav = [name for name in imports(module) if name.split(".")[0] == "av"]
        assert module.stem == "decoding" or not uses_pyav
        assert "side_data" not in (PACKAGE / module).read_text()


def imports(module: Path) -> Iterator[str]:
    """Every absolute name that a module imports, wherever in it."""
    package = ["gifapp", *module.parent.parts]
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)
