"""The cell magic, in a real kernel."""

import base64
import io
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image, ImageSequence

CELLS = {
    "before": """
        %matplotlib inline
        %load_ext gifapp
        from matplotlib import pyplot
        from PIL import Image
        from IPython.display import display
    """,
    "shown": """
        %%gif --fps 10
        for share in (0.2, 0.5, 0.9):
            pyplot.figure(figsize=(1, 0.5 + share), dpi=40).set_size_inches(1, 0.5)
            pyplot.plot([0, share])
            pyplot.show()
    """,
    "displayed": """
        %%gif --fps 20 --width 30 --name made
        figure, axes = pyplot.subplots(figsize=(1, 0.5), dpi=40)
        for colour in ("red", "lime", "blue", "red"):
            axes.set_facecolor(colour)
            display(figure)
        print("done")
    """,
    "open": """
        %%gif --fps 5
        for colour in ("red", "lime"):
            pyplot.figure(figsize=(1, 0.5), dpi=40, facecolor=colour)
    """,
    "left open": """
        %config InlineBackend.close_figures = False
        pyplot.figure(9, figsize=(3, 3))
    """,
    "pictures": """
        %%gif --fps 5 --output "two words.gif"
        display(Image.new("RGB", (20, 10), "red"))
        Image.new("RGB", (20, 10), "blue")
    """,
    "still open": """
        from pathlib import Path
        assert Path("two words.gif").exists() and pyplot.get_fignums() == [9]
        pyplot.close(9)
        %config InlineBackend.close_figures = True
    """,
    "fails": """
        %%gif
        display(Image.new("RGB", (20, 10), "red"))
        1 / 0
    """,
    "after": """
        assert made.frames == 4 and pyplot.get_fignums() == []
        pyplot.plot([0, 1])
        made.compare(made)
    """,
    "recorded": """
        import gifapp, time
        from gifapp.conversion.progress_bar import listener
        from gifapp.domain.job import Progress
        with listener(None) as report:
            time.sleep(0.6)
            report(Progress(phase="reading", fraction=0.5, eta_s=None))
        def drawn(turn):
            return pyplot.figure(figsize=(1, 0.5), dpi=40, facecolor=(turn / 5, 0, 0))
        gifapp.animate(drawn, range(6), processes=2)
    """,
}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    pytest.importorskip("matplotlib")
    lines = ["\n".join(line[8:] for line in cell.splitlines()).strip() for cell in CELLS.values()]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line) for line in lines])
    folder: Path = tmp_path_factory.mktemp("cells")
    client = NotebookClient(
        notebook, timeout=90, allow_errors=True, resources={"metadata": {"path": str(folder)}}
    )
    client.execute()
    return {name: cell.outputs for name, cell in zip(CELLS, notebook.cells, strict=True)}


def gif(outputs: list[Any]) -> tuple[tuple[int, int], list[float]]:
    """Its size, and the delays of its frames."""
    (shown,) = [output.data for output in outputs if "image/gif" in output.get("data", {})]
    assert shown["text/html"].count("data:image/gif") == 1
    with Image.open(io.BytesIO(base64.b64decode(shown["image/gif"]))) as opened:
        return opened.size, [frame.info["duration"] for frame in ImageSequence.Iterator(opened)]


@pytest.mark.parametrize(
    ("name", "size", "delays_ms"),
    [
        ("shown", (40, 20), [100] * 3),
        ("displayed", (30, 15), [50] * 4),
        ("open", (40, 20), [200] * 2),
        ("pictures", (20, 10), [200] * 2),
        ("recorded", (40, 20), [50] * 6),
    ],
)
def test_figures_of_a_cell_become_a_gif(
    outputs: dict[str, list[Any]], name: str, size: tuple[int, int], delays_ms: list[int]
) -> None:
    assert gif(outputs[name]) == (size, delays_ms)
    assert not [output for output in outputs[name] if output.output_type == "error"]


def test_figures_of_earlier_cells_stay_open(outputs: dict[str, list[Any]]) -> None:
    assert not outputs["still open"]


def test_other_output_shows_as_usual(outputs: dict[str, list[Any]]) -> None:
    texts = [output.text for output in outputs["displayed"] if output.output_type == "stream"]
    assert texts == ["done\n"]
    assert [output for output in outputs["after"] if "image/png" in output.get("data", {})]


def test_cell_that_fails_makes_no_gif(outputs: dict[str, list[Any]]) -> None:
    failed = [output.ename for output in outputs["fails"] if output.output_type == "error"]
    assert failed == ["ZeroDivisionError", "CellFailed"]
    assert not [output for output in outputs["fails"] if "image/gif" in output.get("data", {})]


def test_progress_bar_leaves_no_output(outputs: dict[str, list[Any]]) -> None:
    bars = [output.data for output in outputs["recorded"] if output.output_type == "display_data"]
    assert [bar for bar in bars if bar != {"text/plain": ""}] == []
