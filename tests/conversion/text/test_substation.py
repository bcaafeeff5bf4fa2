"""Advanced SubStation: text, times and edges are read; the rest gets a note."""

import pytest

from gifapp import errors
from gifapp.conversion.text.cues import Cue
from gifapp.conversion.text.layout import place_of
from gifapp.conversion.text.subtitles import read

STYLE = "Arial,20,&H00FFFFFF,&H000000FF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,2,2"
HEAD = f"""[Script Info]
; a comment
ScriptType: v4.00+

[V4+ Styles]
Style: Default,{STYLE},2,10,10,10,1
Style: Sign,{STYLE},9,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def cues(*events: str) -> tuple[Cue, ...]:
    return read(HEAD + "\n".join(events)).cues


def cue(words: str, style: str = "Default") -> Cue:
    (parsed,) = cues(f"Dialogue: 0,0:00:01.00,0:01:02.50,{style},Bob,0,0,0,,{words}")
    return parsed


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("Hello, world: a, b", "Hello, world: a, b"),
        (r"one\Ntwo\nthree\hfour", "one\ntwo three\u00a0four"),  # as libass draws it
        (r"{\q2}one\Ntwo\nthree", "one\ntwo\nthree"),
        (r"\{not an override\} {\b1}a{\b0}", "{not an override} a"),
        (r"{\i1}a{\i0} {\k20}b{\kf30}c", "a bc"),
        (r"{\p1}m 0 0 l 100 0 100 100{\p0}a", "a"),
        (r"{\pos(1,2)\p1\fs20}m 0 0{\an8}l 1 1{\p0} a", "a"),
        ("{a comment}b", "b"),
        ("I <3 <i>tags</i>", "I <3 <i>tags</i>"),
    ],
)
def test_override_tags_and_drawings_are_stripped(words: str, shown: str) -> None:
    assert cue(words).text == shown


@pytest.mark.parametrize(
    ("words", "style", "position"),
    [
        ("a", "Default", "bottom"),
        ("a", "Sign", "top_right"),
        ("a", "*Sign", "top_right"),
        ("a", "Missing", "bottom"),
        (r"{\an4}a", "Sign", "left"),
        (r"{\alpha&H80&}a", "Sign", "top_right"),
    ],
)
def test_cue_is_at_the_edge_of_its_style(words: str, style: str, position: str) -> None:
    assert cue(words, style).place == place_of(position)  # type: ignore[arg-type]


def test_times_are_read_comments_skipped_and_lost_features_noted() -> None:
    comment = "Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,never"
    dialogue = "Dialogue: 0,0:00:01.00,0:01:02.50,Default,,0,0,0,,words"
    subtitles = read("\ufeff" + HEAD.replace("\n", "\r\n") + f"{comment}\r\n{dialogue}\r\n")
    assert subtitles.cues == (Cue("words", 1.0, 62.5),)
    (note,) = subtitles.notes
    assert "fonts, colours, exact positions, drawings, karaoke and movement are not" in note


def test_soft_line_breaks_count_where_lines_are_not_wrapped() -> None:
    head = HEAD.replace("[V4+", "WrapStyle: 2\n\n[V4+")
    (cue,) = read(head + r"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,one\ntwo").cues
    assert cue.text == "one\ntwo"


def test_layers_of_the_same_text_are_one_cue() -> None:
    glow, fill = (f"Dialogue: {at},0:00:01.00,0:00:02.00,Sign,,0,0,0,,{{\\blur{at}}}words" for at in (0, 1))
    assert cues(glow, fill, fill.replace("words", "others")) == (
        Cue("words", 1.0, 2.0, place_of("top_right")),
        Cue("others", 1.0, 2.0, place_of("top_right")),
    )


def test_unknown_style_means_the_default() -> None:
    top = HEAD.replace("2,2,2,10", "2,2,8,10", 1)
    (cue,) = read(top + "Dialogue: 0,0:00:01.00,0:00:02.00,Missing,,0,0,0,,a").cues
    assert cue.place == place_of("top")


def test_comments_may_precede_the_first_heading() -> None:
    dialogue = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,words"
    assert read(f"; by hand\n\n!: so\n{HEAD}{dialogue}\n").cues == (Cue("words", 1.0, 2.0),)


def test_ssa_is_read_with_its_own_alignment_numbers() -> None:
    style = "Style: Up,Arial,20,16777215,255,0,0,0,0,1,2,2,6,10,10,10,0,1"
    dialogue = "Dialogue: Marked=0,0:00:01.00,0:00:02.00,Up,,0,0,0,,words"
    subtitles = read(f"[Script Info]\nScriptType: v4.00\n\n[V4 Styles]\n{style}\n\n[Events]\n{dialogue}\n")
    assert subtitles.cues == (Cue("words", 1.0, 2.0, place_of("top")),)


def test_file_without_styles_is_read() -> None:
    assert read("[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,words\n").cues == (
        Cue("words", 1.0, 2.0),
    )


@pytest.mark.parametrize(
    "events",
    [
        "Dialogue: 0,later,0:00:02.00,Default,,0,0,0,,a",
        "Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,a",
        "",
    ],
)
def test_damaged_or_empty_file_is_refused(events: str) -> None:
    with pytest.raises(errors.RecipeInvalid, match="subtitles"):
        read(HEAD + events)
