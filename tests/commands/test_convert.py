import io
import json
import logging
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from PIL import Image

from gifapp.__main__ import main
from gifapp.commands.convert import _beside
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.wording import PHASES
from gifapp.processes import stop, wait_until
from tests.support import clips
from tests.support.letters import read_gif, timeline_of, write_clip

GIFAPP = (sys.executable, "-m", "gifapp", "convert")


class Done(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


def run(*words: object, folder: Path) -> Done:
    """Run the command in this process, so that the engine is imported once."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(["convert", *map(str, words)])
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def signals_and_log_as_they_were() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)
    logging.disable(logging.NOTSET)


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"], ["BB"], ["WW"]])


def test_gif_is_written_beside_the_video(clip: Path, tmp_path: Path) -> None:
    done = run(clip, "--fps", 10, folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{tmp_path / 'clip.gif'}: 2 x 1, 4 frames, 0.40 s")
    assert done.stderr == ""  # no bar: this is no terminal
    assert timeline_of(read_gif(tmp_path / "clip.gif")) == "R10 G10 B10 W10"


def test_every_option_reaches_the_recipe(clip: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text('{"fps": 10, "direction": "reverse", "loop": 3}')
    options = (
        "--recipe",
        "recipe.json",
        "--start",
        "0.1",
        "--end",
        "0.3",
        "--crop",
        "1,0,1,1",
        "--loop",
        "0",
    )
    done = run(clip, *options, "--colours", "4", "--dither", "none", "--json", folder=tmp_path)
    report = json.loads(done.stdout)
    assert (report["frames"], report["duration_s"], report["width_px"]) == (2, 0.2, 1)
    assert report.keys() >= {"bytes", "palette", "engine_s", "path"}
    assert timeline_of(read_gif(tmp_path / "clip.gif")) == "B10 G10"


def test_output_suffix_chooses_the_format(clip: Path, tmp_path: Path) -> None:
    assert run(clip, "-o", "clip.webp", folder=tmp_path).returncode == 0
    assert (tmp_path / "clip.webp").read_bytes().startswith(b"RIFF")
    refused = run(clip, "-o", "clip.webp", "--format", "mp4", folder=tmp_path)
    assert refused.returncode == 1
    assert "The output's name ends in .webp, but the recipe's format is mp4" in refused.stderr
    assert run(clip, "--format", "apng", folder=tmp_path).returncode == 0
    assert (tmp_path / "clip.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("clip.mkv", "-o", "clip.avi"),
            ".avi is not a supported output format; choose from .gif, .webp, .avif, .png",
        ),
        (("clip.mkv", "-o", "clip.jpg"), ".jpg is not a supported output format"),
        (("https://example.org/clip.mkv",), "it is a URL; download the file first"),
    ],
)
def test_impossible_arguments_are_wrong_usage(
    clip: Path, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    refused = run(*words, folder=tmp_path)
    assert refused.returncode == 2
    assert message in refused.stderr
    assert [*tmp_path.iterdir()] == [clip]


def test_unknown_output_suffix_is_kept(clip: Path, tmp_path: Path) -> None:
    assert run(clip, "-o", "clip.final", folder=tmp_path).returncode == 0
    assert (tmp_path / "clip.final").read_bytes().startswith(b"GIF89a")


def test_help_ends_with_examples(tmp_path: Path) -> None:
    output = run("--help", folder=tmp_path).stdout
    assert output.rstrip().splitlines()[-1] == "    gifapp convert pictures/ --fps 5 -o slides.webp"


def test_compare_lists_the_sizes_of_other_formats(clip: Path, tmp_path: Path) -> None:
    rows = [line.split() for line in run(clip, "--compare", folder=tmp_path).stdout.splitlines()[1:]]
    assert [words[0] for words in rows] == [kind.name for kind in FILE_KINDS.values()][1:]
    assert all(words[-1].endswith("%") for words in rows)
    compared = run(clip, "--compare", "--json", folder=tmp_path)
    assert json.loads(compared.stdout)["alternatives"].keys() == FILE_KINDS.keys() - {"gif"}


def test_quiet_prints_nothing(clip: Path, tmp_path: Path) -> None:
    done = run(clip, "--quiet", "--output", "other.gif", folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "other.gif").exists()


def test_folder_of_pictures_is_a_source(tmp_path: Path) -> None:
    shots = tmp_path / "shots"
    shots.mkdir()
    for number, colour in ((1, "red"), (10, "blue"), (2, "lime")):
        Image.new("RGB", (2, 1), colour).save(shots / f"{number}.png")
    done = run(".", "--fps", 5, "--dither", "none", "-o", "../shots.gif", folder=shots)
    assert done.returncode == 0, done.stderr
    assert "3 pictures" in done.stderr
    assert timeline_of(read_gif(tmp_path / "shots.gif")) == "R20 G20 B20"


@pytest.mark.parametrize(
    ("source", "gif"),
    [("a/clip.mp4", "a/clip.gif"), ("a/clip.gif", "a/clip-converted.gif"), ("A.GIF", "A-converted.gif"),
     ("shots.v1", "shots.v1.gif"), (".", "here.gif")],
)  # fmt: skip
def test_gif_is_named_after_its_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, gif: str
) -> None:
    (tmp_path / "here" / "shots.v1").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert _beside(Path(source), "gif") == Path(gif)


def test_conversion_works_with_closed_standard_streams(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", [["RR"], ["GG"]])
    argv = [sys.executable, "-m", "gifapp", "convert", str(clip)]
    subprocess.run(["sh", "-c", '"$@" <&- >&- 2>&-', "sh", *argv], check=True, timeout=60)
    assert (tmp_path / "clip.gif").exists()


def test_output_never_replaces_the_source(tmp_path: Path) -> None:
    gif = write_clip(tmp_path / "clip.gif", [["RR"], ["GG"]], before=("-c:v", "gif", "-pix_fmt", "rgb8"))
    before = gif.read_bytes()
    assert run(gif, folder=tmp_path).returncode == 0
    assert gif.read_bytes() == before
    assert (tmp_path / "clip-converted.gif").exists()


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("missing.mp4",), 1, "gifapp: There is no file named 'missing.mp4'."),
        (("words.mp4",), 1, "gifapp: This isn't a video format gifapp supports."),
        (("words.mp4", "-o", "words.mp4"), 1, "gifapp: The GIF would replace its own source"),
        (("clip.mkv", "-o", "no/where.gif"), 2, "'-o' / '--output': there is no folder 'no'"),
        (("clip.mkv", "-o", "."), 2, "'-o' / '--output': File '.' is a directory"),
        (("clip.mkv", "--start", "5"), 1, "gifapp: The range from 5.00 s is outside the video"),
        (("clip.mkv", "--fps", "99"), 2, "'--fps': '99' is not a number from 1 to 50"),
        (("clip.mkv", "--crop", "1,2"), 2, "'1,2' is not X,Y,W,H in whole pixels"),
        (("clip.mkv", "--recipe", "words.mp4"), 2, "words.mp4 is not JSON"),
        ((), 2, "Missing argument 'VIDEO'"),
    ],
)
def test_failure_prints_one_sentence_and_leaves_nothing(
    clip: Path, tmp_path: Path, words: tuple[str, ...], status: int, says: str
) -> None:
    (tmp_path / "words.mp4").write_text("no video")
    done = run(*words, folder=tmp_path)
    assert done.returncode == status
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip.mkv", "words.mp4"]


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM])
def test_stopping_the_command_leaves_nothing(tmp_path: Path, sig: signal.Signals) -> None:
    argv = [*GIFAPP, str(clips.real_clip()), "-o", "out.gif", "--width", "1280", "--speed", "0.1"]
    process = subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True)
    try:
        assert wait_until(lambda: any(tmp_path.glob(".gifapp-*.part")), timeout_s=40)
        process.send_signal(sig)
        _, stderr = process.communicate(timeout=40)
    finally:
        stop(process, grace_s=0)
    assert process.returncode != 0
    assert b"Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_progress_bar_is_shown_on_a_terminal(clip: Path, tmp_path: Path) -> None:
    screen, terminal = pty.openpty()
    argv = [*GIFAPP, str(clip)]
    with subprocess.Popen(argv, cwd=tmp_path, stderr=terminal, stdout=subprocess.DEVNULL) as process:
        os.close(terminal)
        shown = b"".join(iter(partial(read_while_open, screen), b""))
    os.close(screen)
    assert process.returncode == 0
    assert PHASES["writing"].encode() in shown
    assert b"100 %" in shown


def read_while_open(screen: int) -> bytes:
    """The terminal's next bytes; empty once no process holds it open, which Linux reports as an error."""
    with suppress(OSError):
        return os.read(screen, 4096)
    return b""


def test_help_does_not_import_the_engine() -> None:
    code = (
        "import sys; from gifapp.__main__ import gifapp; gifapp.get_command(None, 'convert'); "
        "assert not sys.modules.keys() & {'numpy', 'moviepy', 'tornado', 'mongoengine', 'rich'}"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
