"""Subtitles: which cues are read from a file, and on which pictures they show."""

import contextlib
import itertools
import math
import time
from typing import Any

import pytest

from gifapp import errors
from gifapp.conversion.plan import Cut
from gifapp.conversion.text.cues import Cue, shown_s
from gifapp.conversion.text.layout import Place, place_of
from gifapp.conversion.text.subtitles import read
from gifapp.domain.recipes.recipe import Recipe
from tests.support.plans import a_plan, layers, notes

SUBRIP = """1
00:00:01,000 --> 00:00:02,500
<i>Hello</i> <font color="#ff0000">red</font>
and more <3

2
00:01:02,000 --> 01:00:03,000
{\\an8}{\\pos(1,2)}Up {\\i1}there{\\i0}\\Nand below
"""
WEBVTT = """WEBVTT - a title

STYLE
::cue { color: red }

NOTE nobody
sees this

first
00:01.000 --> 00:02.500 position:10% line:0
<v Bob>Hi &amp; <c.yellow>bye</c></v> <00:01.500>now

NOTE nor this

00:03.000 --> 00:04.000
- a<00:00:03.500><c> b</c><00:00:03.700><c> c</c>
- d
"""
SUBRIP_CUES = [
    Cue("Hello red\nand more <3", 1.0, 2.5),
    Cue("Up there\nand below", 62.0, 3603.0, place_of("top")),
]
WEBVTT_CUES = [Cue("Hi & bye now", 1.0, 2.5, Place(0.0, 0.2, 0.5, 0.0, 0.0)), Cue("- a b c\n- d", 3.0, 4.0)]


@pytest.mark.parametrize(("text", "cues"), [(SUBRIP, SUBRIP_CUES), (WEBVTT, WEBVTT_CUES)])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tags_notes_and_styles_are_stripped(text: str, cues: list[Cue], mark: str, end: str) -> None:
    assert [*read(mark + text.replace("\n", end)).cues] == cues


def test_blank_line_within_a_cue_and_missing_final_newline_are_accepted() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\none\n\ntwo\n\n2\n00:00:03,000 --> 00:00:04,000\nthree"
    assert [cue.text.split() for cue in read(text).cues] == [["one", "two"], ["three"]]


@pytest.mark.parametrize(
    ("times", "text", "sentence"),
    [
        (
            "00:00:05,000 --> 00:00:02,000",
            "back",
            "left out because they end before they begin: 1; the first is at 5 s",
        ),
        ("-00:00:05,000 --> -00:00:02,000", "old", "left out because they end before the video begins: 1;"),
        (
            "00:00:05,000 --> 00:00:06,000",
            "x" * 1_001,
            "cut to their first 1,000 characters: 1; the first is at 5 s",
        ),
    ],
)
def test_incomplete_cues_get_a_note(times: str, text: str, sentence: str) -> None:
    subtitles = read(f"1\n{times}\n{text}\n\n2\n00:00:05,000 --> 00:00:06,000\nforth\n")
    assert subtitles.cues[-1].text == "forth"
    assert [note for note in subtitles.notes if sentence in note] == [*subtitles.notes]
    assert len(subtitles.notes) == 1


def test_subtitles_without_room_get_a_note() -> None:
    cue = "\n00:00:00,000 --> 00:00:01,000\nwords\n\n"
    assert notes(a_plan(Recipe(subtitles=cue * 30))) == ["Subtitles left out for lack of space: 24."]


@pytest.mark.parametrize(
    "text",
    [
        "words --> words",
        "WEBVTT\n\n-->",
        "WEBVTT\n\n00:01.000 --> 00:02.000\n\n",
        "-->" * 10_000,
        "1\n" * 9_000 + "-->",
    ],
    ids=["words", "arrow", "silent", "arrows", "numbers"],
)
def test_file_without_cues_is_refused_by_name(text: str) -> None:
    with pytest.raises(errors.RecipeInvalid, match="subtitles") as refused:
        layers(a_plan(Recipe(subtitles=text)))
    assert set(refused.value.facts["fields"]) == {"subtitles"}


def test_recipe_refuses_text_that_cannot_have_cues() -> None:
    with pytest.raises(
        errors.RecipeInvalid, match="subtitles must be the text of an SRT, WebVTT or ASS file"
    ):
        Recipe.parse({"subtitles": "Once upon a time"})


FILLERS = [
    "<",
    "{",
    "<v ",
    "&#",
    "{\\",
    "x\n\n",
    "\u0300",
    "<b =",
    "<ruby>a<rt>",
    "</rt>",
    "-",
    "- ",
    "1:",
    "1 ",
    "a" * 99 + " ",
]
HEADS = {
    "vtt": "WEBVTT\n\n00:00.000 --> 00:09.000\nab",
    "srt": "1\n00:00:00,000 --> 00:00:09,000\nab",
    "ass": "[Script Info]\n[Events]\nDialogue: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,ab",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
@pytest.mark.parametrize(
    "filler", [*FILLERS, "\n\n00:00:00,000 --> 00:00:00,900\nab", "\n\n00:00.000 --> 00:00.900\nab"]
)
def test_hostile_subtitles_are_read_quickly(head: str, filler: str) -> None:
    text = head + filler * (99_000 // len(filler))
    begin = time.process_time()
    with contextlib.suppress(errors.RecipeInvalid):
        drawn = layers(a_plan(Recipe(subtitles=text)))
        assert len(drawn) < 100, "what has no room is not shown"
        for layer in drawn:
            layer.paint()
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    "filler", ["\u0300", "\U0001f469\u200d", "\u05d0(", "\u202b\u05d0\u202aa", "\u1000\u103c"]
)
def test_many_long_cues_are_set_in_bounded_time(filler: str) -> None:
    words = (filler * 1_000)[:990]
    cues = [f"00:00.{at:03d} --> 00:00.{at + 1:03d}\nx{words}\n\n" for at in range(95)]
    begin = time.process_time()
    layers(a_plan(Recipe(subtitles="WEBVTT\n\n" + "".join(cues))))
    assert time.process_time() - begin < 15


@pytest.mark.parametrize(("letters", "shown"), [(1, 5_000), (200, 500)], ids=["short cues", "long cues"])
def test_repeated_subtitles_are_limited_to_a_hundred_thousand_characters(letters: int, shown: int) -> None:
    cues = [f"00:00.{at:03d} --> 00:00.{at + 1:03d}\n{'a' * letters}\n\n" for at in range(350)]
    plan = a_plan(Recipe(subtitles="WEBVTT\n\n" + "".join(cues)), cuts=(Cut(0.0, 10),) * 50)
    note, *without_room = notes(plan)
    assert note == f"Subtitles left out after the first {shown:,}: there are too many."
    assert len(without_room) == 1


@pytest.mark.parametrize(
    "line", ["{}", " {}", "1{}", "00:{}", "00:00:01,000 --> {}", "00:00:01,000{}", "-->{}", "<b{}>"]
)
@pytest.mark.parametrize("filler", [" ", "-", "0", ":", "\t-", "> ", "=", "- >", "\n", "[", "Style: "])
@pytest.mark.parametrize("head", ["", "[Events]\n", "WEBVTT\n\n"])
def test_lines_of_any_length_are_read_quickly(line: str, filler: str, head: str) -> None:
    text = f"{head}1\n00:00:00,000 --> 00:00:09,000\nab\n\n" + line.format(filler * (90_000 // len(filler)))
    begin = time.process_time()
    with contextlib.suppress(errors.RecipeInvalid):
        read(text)
    assert time.process_time() - begin < 1


CUE = Cue("Hi", 2.0, 3.0)


@pytest.mark.parametrize(
    ("recipe", "cuts", "expected"),
    [
        ({}, [(0.0, 50)], [(2.0, 3.0)]),
        ({}, [(1.5, 20)], [(0.5, 1.5)]),
        ({}, [(2.5, 20)], [(0.0, 0.5)]),
        ({}, [(3.0, 20)], []),
        ({}, [(0.0, 20)], []),
        ({}, [(0.0, 25)], [(2.0, math.inf)]),  # its last picture may be held
        ({"speed": 2.0}, [(0.0, 25)], [(1.0, 1.5)]),
        ({"speed": 0.5}, [(1.0, 80)], [(2.0, 4.0)]),
        ({}, [(4.0, 10), (2.5, 20)], [(1.0, 1.5)]),
        ({}, [(2.0, 5), (4.0, 5), (2.0, 20)], [(0.0, 0.5), (1.0, 2.0)]),
        ({}, [(1.0, 15), (2.5, 15)], [(1.0, 2.0)]),  # continues across a cut
        ({"direction": "reverse"}, [(0.0, 50)], [(2.0, 3.0)]),
        ({"direction": "reverse"}, [(1.0, 30)], [(1.0, 2.0)]),
        ({"direction": "boomerang"}, [(1.0, 30)], [(1.0, 2.0), (4.0, 5.0)]),
        ({"direction": "boomerang"}, [(1.0, 20)], [(1.0, 3.0)]),  # continues at the turn
    ],
)
def test_cue_shows_with_its_pictures(
    recipe: dict[str, Any], cuts: list[tuple[float, int]], expected: list[tuple[float, float]]
) -> None:
    plan = a_plan(Recipe(**recipe), cuts=tuple(itertools.starmap(Cut, cuts)))
    assert shown_s(CUE, plan) == [pytest.approx(range_s) for range_s in expected]


def test_cue_of_the_second_segment_begins_with_its_crossfade() -> None:
    plan = a_plan(Recipe(), cuts=(Cut(10.0, 20), Cut(2.0, 20, overlap=5)))
    assert shown_s(CUE, plan) == [pytest.approx((1.5, 2.5))]


@pytest.mark.parametrize(("start_s", "count"), [(0.0, 0), (50.0, 1)])
def test_subtitles_outside_the_clip_get_a_note(start_s: float, count: int) -> None:
    cues = "1\n00:00:00,000 --> 00:00:01,000\none\n"
    assert len([*notes(a_plan(Recipe(subtitles=cues), cuts=(Cut(start_s, 10),)))]) == count


def test_simultaneous_subtitles_are_stacked() -> None:
    cues = "1\n00:00:00,000 --> 00:00:01,000\none\n\n2\n00:00:00,500 --> 00:00:01,000\ntwo\n"
    first, second = layers(a_plan(Recipe(subtitles=cues)))
    assert (first.start_s, second.start_s) == (0.0, 0.5)
    assert second.y_px < first.y_px
