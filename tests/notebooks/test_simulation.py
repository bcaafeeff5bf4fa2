"""The notebooks about simulations and pictures run from top to bottom, and show GIFs."""

import ast
import base64
import io
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SIZES = {
    "simulation": [(192, 120), (192, 120), (400, 300), (320, 200), (300, 300), (400, 250)],
    "data": [(240, 120), (120, 120), (160, 120)],
}
TEACHES: dict[str, set[type[ast.AST]]] = {"simulation": {ast.FunctionDef, ast.For}, "data": {ast.For}}
LOGIC: set[type[ast.AST]] = {ast.FunctionDef, ast.If, ast.For, ast.While, ast.ClassDef, ast.Try}


@pytest.mark.parametrize("name", SIZES)
def test_notebook_runs_and_shows_its_gifs(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    notebook: Any = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=90, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    gifs = [base64.b64decode(data["image/gif"]) for data in shown if "image/gif" in data]
    pictures = [Image.open(io.BytesIO(gif)) for gif in gifs]
    assert [picture.size for picture in pictures] == SIZES[name]
    assert all(getattr(picture, "n_frames", 1) > 4 for picture in pictures)
    assert not [output for cell in notebook.cells for output in cell.get("outputs", ()) if "text" in output]


@pytest.mark.parametrize("name", SIZES)
def test_notebook_has_no_logic_beyond_its_topic(name: str) -> None:
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    assert [cell for cell in cells if cell.get("outputs")] == []
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    plain = "\n".join(line for line in code.splitlines() if not line.startswith("%"))
    kinds: set[type[ast.AST]] = {type(node) for node in ast.walk(ast.parse(plain))}
    assert kinds & LOGIC <= TEACHES[name]
