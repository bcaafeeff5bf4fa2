import ast
import base64
import re
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


@pytest.fixture(scope="module")
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def executed(
    notebook: nbformat.NotebookNode, tmp_path_factory: pytest.TempPathFactory
) -> nbformat.NotebookNode:
    folder = tmp_path_factory.mktemp("quickstart")
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    return client.execute()


def test_a_video_is_shown_as_a_gif(executed: nbformat.NotebookNode) -> None:
    shown = [output.data["text/html"] for cell in executed.cells for output in cell.get("outputs", ())
             if "text/html" in output.get("data", {})]  # fmt: skip
    gifs = [
        base64.b64decode(found) for html in shown for found in re.findall('image/gif;base64,([^"]+)', html)
    ]
    pictures = [Image.open(BytesIO(gif)) for gif in gifs]
    assert [picture.size for picture in pictures] == [(320, 180), (120, 120), (320, 180)]
    assert all(picture.n_frames > 20 for picture in pictures)


def test_it_holds_no_logic(notebook: nbformat.NotebookNode) -> None:
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    kinds = {type(node) for node in ast.walk(ast.parse(code))}
    assert not kinds & {ast.FunctionDef, ast.If, ast.For, ast.While, ast.ClassDef, ast.Try}


def test_it_is_kept_without_outputs() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert [cell for cell in cells if cell.get("outputs")] == []
