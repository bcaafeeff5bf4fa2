"""Which layers and packages may import which."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import gifapp

PACKAGE = Path(gifapp.__file__).parent
TESTS = Path(__file__).parents[1]
EVERYONE = {
    "backoff",
    "children",
    "confinement",
    "errors",
    "ffmpeg_program",
    "processes",
    "dirlock",
    "garbage",
    "os_errors",
    "private",
    "redaction",
    "logs",
    "sentry",
}
LAYERS = {
    "backoff": set(),
    "children": {"garbage"},
    "errors": set(),
    "ffmpeg_program": set(),
    "offline": set(),
    "launcher": set(),
    "confinement": set(),
    "processes": {"confinement", "launcher", "offline"},
    "dirlock": set(),
    "garbage": set(),
    "os_errors": set(),
    "private": set(),
    "redaction": set(),
    "logs": set(),
    "sentry": set(),
    "domain": set(),
    "settings": {"domain", "settings_file"},
    "settings_file": set(),
    "conversion": {"domain"},
    "mongodb": set(),
    "redis_client": set(),
    "storage": {"domain"},
    "jobs": {"domain", "conversion", "mongodb", "redis_client", "storage"},
    "identity": {"domain", "mongodb", "redis_client"},
    "backup": {"domain", "jobs", "mongodb", "storage"},
    "web": {"domain", "conversion", "jobs", "identity", "storage"},
    "client": {"domain"},
    "widgets": {"domain", "client"},
    "up": {"redis_client", "settings"},
    "notebook": {"domain", "conversion"},
    "__init__": {"domain", "conversion", "client", "notebook", "widgets"},
}
# which packages a package may import within its layer; modules directly in the layer are open to all
ROOMS = {
    "conversion.probing": {"conversion.images"},
    "conversion.images": set(),
    "conversion.intake": {"conversion.encoders", "conversion.images", "conversion.render"},
    "conversion.review": {"conversion.images", "conversion.probing"},
    "conversion.decode": {"conversion.images", "conversion.probing"},
    "conversion.text": {"conversion.images", "conversion.probing"},
    "conversion.render": {"conversion.decode", "conversion.text"},
    "conversion.gif": set(),
    "conversion.encoders": {"conversion.render"},
    "conversion.sizing": {
        "conversion.decode",
        "conversion.encoders",
        "conversion.gif",
        "conversion.probing",
        "conversion.render",
    },
    "conversion.exporting": {
        "conversion.decode",
        "conversion.probing",
        "conversion.render",
        "conversion.text",
    },
    "domain.recipes": set(),
    "domain.views": {"domain.recipes"},
    "jobs.db": set(),
    "jobs.events": {"jobs.db"},
    "jobs.attempts": {"jobs.db", "jobs.events"},
    "jobs.cleanup": {"jobs.attempts", "jobs.db", "jobs.events"},
    "jobs.services": {"jobs.attempts", "jobs.cleanup", "jobs.db", "jobs.events"},
    "web.traffic": set(),
    "web.http": {"web.traffic"},
    "web.handlers": {"web.http", "web.traffic"},
    "web.pages": {"web.http", "web.traffic"},
    "widgets.controls": set(),
    "widgets.form": {"widgets.controls"},
    "widgets.dashboard": {"widgets.controls", "widgets.form"},
    "widgets.operations": {"widgets.controls"},
}
LIBRARIES = {"client", "conversion", "domain", "notebook", "widgets"}
MAX_MODULES = 20
ABOVE_ALL = {"__main__", "commands"}
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_imports_only_its_own_layer_and_those_below(module: Path) -> None:
    layer = module.parts[0].removesuffix(".py")
    if layer not in ABOVE_ALL:
        ours = {name.split(".")[1] for name in imports(module) if name.startswith("gifapp.")}
        assert ours <= LAYERS[layer] | EVERYONE | {layer}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_package_imports_only_packages_below_it(module: Path) -> None:
    room = room_of(module)
    if room is not None:
        others = {other for name in imported_modules(module) if (other := room_of(name)) not in (None, room)}
        same_layer = {other for other in others if other.split(".")[0] == room.split(".")[0]}
        assert same_layer <= ROOMS[room]


def test_no_module_imports_itself_indirectly() -> None:
    """Imports inside functions count, too."""
    TopologicalSorter({module: imported_modules(module) for module in MODULES}).prepare()


def test_no_folder_has_too_many_modules() -> None:
    modules = [*PACKAGE.rglob("*.py"), *TESTS.rglob("*.py")]
    counts = Counter(module.parent for module in modules if module.name != "__init__.py")
    assert {folder: count for folder, count in counts.items() if count > MAX_MODULES} == {}


@pytest.mark.parametrize("module", [path for path in MODULES if path.parts[0] in LIBRARIES], ids=str)
def test_modules_for_notebooks_use_the_standard_logger(module: Path) -> None:
    """Unconfigured, structlog would print to stdout."""
    assert not [name for name in imports(module) if name.split(".")[0] == "structlog"]


@pytest.mark.parametrize("module", [path for path in MODULES if path.parts[0] not in LIBRARIES], ids=str)
def test_service_logs_through_structlog_only(module: Path) -> None:
    assert "logging.getLogger(__name__)" not in (PACKAGE / module).read_text()


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_log_events_are_constants(module: Path) -> None:
    """`logs.Repeats` counts lines by their event; only the values may vary."""
    for event in logged_events(module):
        text = ast.literal_eval(event)
        assert text[0].islower(), text
        assert not text.endswith("."), text


def logged_events(module: Path) -> Iterator[ast.expr]:
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="_log")), args=[event, *_]):
                if ast.unparse(event) != "self._event":  # of `KernelOutput`, one for each kernel
                    yield event


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_reorder_imports_moviepy(module: Path) -> None:
    if module != Path("conversion/render/reorder.py"):
        assert not [name for name in imports(module) if name.split(".")[0] == "moviepy"]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_one_module_reads_side_data_with_pyav(module: Path) -> None:
    """PyAV can crash on unknown side data; one module removes it first."""
    if module != Path("conversion/probing/display_matrix.py"):
        assert "side_data" not in (PACKAGE / module).read_text()


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_one_module_opens_pictures_with_pyav(module: Path) -> None:
    if (module.parent.name == "images" and module.stem != "decoder") or module.stem == "overlay":
        uses_pyav = [name for name in imports(module) if name.split(".")[0] == "av"]
        assert module.stem == "decoding" or not uses_pyav


KERNELS = "gifapp.conversion.gif.native.library"


@pytest.mark.parametrize(
    ("module", "does_without"),
    [
        ("gifapp.web.app", {KERNELS, "moviepy"}),
        ("gifapp.jobs.worker", {KERNELS, "moviepy"}),
        ("gifapp.widgets.dashboard.dashboard", {"numpy", "mongoengine", "redis", "voila"}),
    ],
)
def test_process_does_not_import_what_only_its_children_need(module: str, does_without: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted({does_without!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def imports(module: Path) -> Iterator[str]:
    """Every absolute name that a module imports, anywhere in it."""
    package = ["gifapp", *module.parent.parts]
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def imported_modules(module: Path) -> set[Path]:
    """The modules of ours that a module imports; `from a import b` means the module `a.b` if it exists."""
    modules = set()
    for name in imports(module):
        parts = name.split(".")[1:] if name.startswith("gifapp.") else []
        candidates = [
            Path(*parts[:count]).with_suffix(".py") for count in (len(parts), len(parts) - 1) if count > 0
        ]
        modules |= set([path for path in candidates if path in MODULES][:1])
    return modules - {module}


def room_of(module: Path) -> str | None:
    """The module's package within its layer; None for modules directly in the layer."""
    room = ".".join(module.parts[:2])
    return room if room in ROOMS else None
