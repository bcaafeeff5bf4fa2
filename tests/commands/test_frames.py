"""`gifapp frames`: what it lists and writes, and what it refuses."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from gifapp.__main__ import gifapp
from gifapp.conversion.exporting.contact_sheet import MAX_SIDE_PX, contact_sheet, layout
from gifapp.conversion.frame import Frame
from tests.support.gifs import gif_of
from tests.support.letters import COLOURS, pixels

DELAYS_CS = [10, 30, 20]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.gif"
    path.write_bytes(gif_of(pixels([[letter * 4] * 4 for letter in "RGB"]), DELAYS_CS)[0])
    return path


def run(*words: object) -> Result:
    return CliRunner().invoke(gifapp, ["frames", *map(str, words)])


def test_frames_are_listed_with_their_times(clip: Path) -> None:
    listed = [line.split() for line in run(clip).stdout.splitlines()[1:]]
    assert listed == [["0", "0.00", "10"], ["1", "0.10", "30"], ["2", "0.40", "20"]]
    edited = run(clip, "--frames", "2,0:7", "--json")
    assert json.loads(edited.stdout) == {"delays_cs": [20, 7]}


def test_frames_are_exported_as_a_zip_a_sheet_and_a_still(clip: Path, tmp_path: Path) -> None:
    zipped, sheet, still = (tmp_path / name for name in ("out.zip", "sheet.png", "still.png"))
    done = run(clip, "--zip", zipped, "--sheet", sheet, "--still", still, "--number", 1, "--frames", "2,0:7")
    assert (done.exit_code, done.stdout.split()) == (0, [str(zipped), str(sheet), str(still)])
    with zipfile.ZipFile(zipped) as frames:
        assert frames.namelist() == ["frame-000-200ms.png", "frame-001-70ms.png"]
        assert frames.read("frame-001-70ms.png") == still.read_bytes()
    with Image.open(still) as picture, Image.open(sheet) as whole:
        assert picture.getcolors() == [(16, COLOURS["R"][:3])]
        shown = {colour for _, colour in whole.convert("RGB").getcolors(maxcolors=10_000) or ()}
    assert {COLOURS["R"][:3], COLOURS["B"][:3]} <= shown
    assert COLOURS["G"][:3] not in shown


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--still", "x.png", "--number", 3), 1, "number must be from 0 to 2 (got 3)"),
        (("--still", "x.png", "--number", -1), 2, "'--number'"),
        (("--number", 1), 2, "--number chooses the frame for --still, which is not given."),
        (("--zip", "x.zip", "--number", 0), 2, "--number chooses the frame for --still"),
        (("--zip", "x.zip", "--json"), 2, "--json lists the frames; it cannot be combined"),
        (("--zip", "missing/x.zip"), 2, "There is no folder 'missing'."),
        (("--zip", "clip.gif"), 2, "The export would replace its own source 'clip.gif'"),
    ],
)
def test_failed_export_is_explained_and_leaves_nothing(
    clip: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[object, ...], code: int, says: str
) -> None:
    monkeypatch.chdir(clip.parent)
    failed = run("clip.gif", *words)
    assert failed.exit_code == code
    assert says in f"{failed.output}{failed.exception}"
    assert [path.name for path in clip.parent.iterdir()] == ["clip.gif"]


@pytest.mark.parametrize(("width_px", "height_px"), [(4096, 2304), (16, 4096), (4096, 16), (1, 1)])
@pytest.mark.parametrize("count", [1, 7, 1000])
def test_sheet_has_room_for_all_frames_and_bounded_sides(count: int, width_px: int, height_px: int) -> None:
    sheet = layout(count, width_px, height_px)
    assert sheet.columns * (sheet.rows - 1) < count <= sheet.columns * sheet.rows
    assert max(sheet.width_px, sheet.height_px) <= MAX_SIDE_PX


def test_labels_of_small_frames_do_not_overlap() -> None:
    frames = [Frame(np.full((8, 8, 3), 255, np.uint8), 1000)] * 2
    drawn = contact_sheet(frames, len(frames), 8, 8)
    inked = np.flatnonzero((drawn < 128).any(axis=(0, 2)))
    assert layout(2, 8, 8).columns == 2
    assert np.diff(inked).max() > 10
    assert inked[-1] < drawn.shape[1] - 8
