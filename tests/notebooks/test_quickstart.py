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
    notebook: nbformat.NotebookNode = nbformat.read(NOTEBOOK, as_version=4)
    return notebook


@pytest.fixture(scope="module")
def executed(
    notebook: nbformat.NotebookNode, tmp_path_factory: pytest.TempPathFactory
) -> nbformat.NotebookNode:
    folder = tmp_path_factory.mktemp("quickstart")
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(folder)}})
    return client.execute()


@pytest.fixture(scope="module")
def shown(executed: nbformat.NotebookNode) -> list[str]:
    """The cells' HTML output."""
    outputs = [output for cell in executed.cells for output in cell.get("outputs", ())]
    return [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]


def embedded(html: str) -> bytes:
    match = re.search('(?:image/gif|video/mp4);base64,([^"]+)', html)
    assert match is not None
    return base64.b64decode(match[1])


def test_video_is_shown_as_a_gif(shown: list[str]) -> None:
    plain, cropped, captioned, _, _, of_frames = map(embedded, shown)
    pictures = [Image.open(BytesIO(gif)) for gif in (plain, cropped, captioned, of_frames)]
    assert [picture.size for picture in pictures] == [(320, 180), (120, 120), (320, 180), (320, 180)]
    assert all(getattr(picture, "n_frames", 1) > 20 for picture in pictures)


def test_gif_fits_a_size_and_reports_its_reductions(shown: list[str]) -> None:
    assert len(embedded(shown[3])) <= 500_000
    assert "To fit 500 kB: " in shown[3]


def test_suffix_makes_an_mp4(shown: list[str]) -> None:
    assert embedded(shown[4])[4:8] == b"ftyp"


def test_notebook_has_no_logic(notebook: nbformat.NotebookNode) -> None:
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    kinds = {type(node) for node in ast.walk(ast.parse(code))}
    assert not kinds & {ast.FunctionDef, ast.If, ast.For, ast.While, ast.ClassDef, ast.Try}


def test_notebook_is_stored_without_outputs() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert [cell for cell in cells if cell.get("outputs")] == []
