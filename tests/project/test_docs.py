"""The tables of the docs are generated from the code; `python -m tests.project.test_docs` writes them."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from gifapp.commands.recipe.options import RECIPE_OPTIONS
from gifapp.domain.recipes.fields import RecipeField, leaves, recipe_field, sections
from gifapp.domain.recipes.parts import Part
from gifapp.errors import GifappError
from gifapp.settings import Settings

DOCS = Path(__file__).parents[2] / "docs"
TESTS = Path(__file__).parents[1]
PACKAGE = Path(__file__).parents[2] / "gifapp"


def settings_table() -> str:
    rows = (f"| `GIFAPP_{name.upper()}` | {default(name)} | {Settings.model_fields[name].description} |"
            for name in Settings.model_fields)  # fmt: skip
    return "\n".join(["| variable | default | what it decides |", "|---|---|---|", *rows])


def default(name: str) -> str:
    value = Settings.model_fields[name].default
    return "" if value in (None, ()) or Settings.model_fields[name].default_factory else f"`{value}`"


def errors_table() -> str:
    return "\n".join(["| code | what it says |", "|---|---|", *error_rows(GifappError)])


def error_rows(error: type[GifappError]) -> Iterator[str]:
    yield f"| `{error.code}` | {error.sentence} |"
    for child in error.__subclasses__():
        if child.__module__.startswith("gifapp.errors."):
            yield from error_rows(child)


def modules_table() -> str:
    modules = sorted(PACKAGE.rglob("*.py"), key=lambda path: path.with_suffix("").parts)
    rows = (f"| `{path.relative_to(PACKAGE)}` | {first_line(path)} |" for path in modules
            if path.name != "__init__.py")  # fmt: skip
    return "\n".join(["| module | what it is |", "|---|---|", *rows])


def first_line(module: Path) -> str:
    words = ast.get_docstring(ast.parse(module.read_text()))
    assert words, f"{module} says nothing of itself"
    return words.splitlines()[0]


def recipe_table(heading: str) -> str:
    names = [path for name in sections()[heading] for path in dict.fromkeys([name, *leaves(name)])]
    rows = ["| field | option | default | may be | what it does |", "|---|---|---|---|---|"]
    return "\n".join([*rows, *map(recipe_row, names)])


def recipe_row(path: str) -> str:
    field = recipe_field(path)
    options = [
        option
        for group in RECIPE_OPTIONS.values()
        for option in group
        if path in (option.field, *option.sets)
    ]
    names = ", ".join(f"`{option.opts[0]}`" for option in options)
    return f"| `{path}` | {names} | {recipe_default(field)} | {may_be(field)} | {field.description} |"


def recipe_default(field: RecipeField) -> str:
    if field.part.model_fields[field.name].is_required():
        return "required"
    if field.default in (None, ()):
        return "none"
    return "" if isinstance(field.default, Part) else code(field.default)


def may_be(field: RecipeField) -> str:
    match field.schema:
        case {"$ref": _}:
            return ""
        case {"maxItems": most}:
            return f"up to {most}"
        case {"type": "boolean"}:
            return "`true`, `false`"
    words = ", ".join(map(code, field.choices)) or field.allowed
    return f"{words}, or none" if field.is_colour and field.is_optional else words


def code(value: object) -> str:
    return f"`{value if isinstance(value, str) else json.dumps(value).removesuffix('.0')}`"


TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("settings.md", ""): settings_table,
    ("errors.md", ""): errors_table,
    ("modules.md", ""): modules_table,
    **{("recipe.md", heading): partial(recipe_table, heading) for heading in sections()},
}


@pytest.mark.parametrize(("place", "table"), TABLES.items())
def test_table_matches_the_code(place: tuple[str, str], table: Callable[[], str]) -> None:
    assert table() in (DOCS / place[0]).read_text(), "run: python -m tests.project.test_docs"


@pytest.mark.parametrize("file", ["queue.md", "security.md"])
def test_every_test_named_in_the_docs_exists(file: str) -> None:
    named = set(re.findall(r"`(test_\w+)(…?)`", (DOCS / file).read_text()))
    defined = {name for path in TESTS.rglob("test_*.py") for name in _functions(path)}
    missing = [
        name for name, more in named if not any(n == name or (more and n.startswith(name)) for n in defined)
    ]
    assert named
    assert missing == []


def _functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def write_tables() -> None:
    """Replace the first table of each page, or the first beneath its heading."""
    for (file, heading), table in TABLES.items():
        lines = (DOCS / file).read_text().splitlines()
        begin = lines.index(f"## {heading}") if heading else 0
        first = next(n for n in range(begin, len(lines)) if lines[n].startswith("|"))
        last = next((n for n in range(first, len(lines)) if not lines[n].startswith("|")), len(lines))
        lines[first:last] = table().splitlines()
        (DOCS / file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    write_tables()


def test_architecture_names_existing_modules() -> None:
    page = (DOCS / "architecture.md").read_text()
    stages = page[page.index("| stage |") : page.index("**Progress**")]
    names = [
        name
        for row in re.findall(r"^\|[^|]+\|([^|]+)\|", stages, re.MULTILINE)
        for name in re.findall("`([^`]+)`", row)
    ]
    assert len(names) > 30
    for name in names:
        path = PACKAGE / (name if name.startswith("domain/") else f"conversion/{name}")
        assert path.is_dir() or path.with_suffix(".py").is_file(), name


def test_architecture_shows_an_existing_handler() -> None:
    page = (DOCS / "architecture.md").read_text()
    [excerpt] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    heading, _, method = excerpt.partition("\n")
    source = (PACKAGE / "web" / "handlers" / "tokens.py").read_text()
    assert heading in source
    assert method in source


def way_of_progress() -> list[tuple[Path, str]]:
    """The modules that handle a progress event, in order, and the name by which each is reached."""
    page = (DOCS / "architecture.md").read_text()
    section = page[page.index("## The path of a progress event") :].split("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \|[^|]+\| (?:`(\w+)`)? ?\|$", section, re.MULTILINE)
    return [(PACKAGE / module, name) for module, name in rows]


def test_progress_event_passes_at_most_twelve_modules_each_named_by_an_earlier_one() -> None:
    way = [(path.read_text(), name) for path, name in way_of_progress()]
    assert 10 <= len(way) <= 12
    for number, (text, name) in enumerate(way[1:], 1):
        word = re.compile(rf"\b{name}\b")
        assert name
        assert word.search(text)
        assert any(word.search(earlier) for earlier, _ in way[:number]), name


def test_no_other_module_handles_progress_events() -> None:
    way = way_of_progress()
    names = re.compile("|".join(rf"\b{name}\b" for _, name in way if "progress" in name.lower()))
    handling = {
        path
        for path in PACKAGE.rglob("*.*")
        if path.suffix in (".py", ".js") and names.search(path.read_text())
    }
    in_scripts = PACKAGE / "client" / "waiting.py"
    assert in_scripts in handling
    assert handling - {in_scripts} <= {path for path, _ in way}
