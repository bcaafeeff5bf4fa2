"""SubRip as players read it: each cue shows its text at its time, or its line is refused."""
# ruff: noqa: RUF001 - similar-looking dashes are intended

import contextlib

import pytest

from gifapp import errors
from gifapp.conversion.text.layout import place_of
from gifapp.conversion.text.subtitles import read

FIRST, LAST = "1\n00:00:00,000 --> 00:00:00,900\none\n\n", "\n\n3\n00:00:02,000 --> 00:00:02,900\nthree\n"


def texts(file: str) -> list[tuple[str, float, float]]:
    return [(cue.text, cue.start_s, cue.end_s) for cue in read(file).cues]


def text_of(words: str) -> str:
    (cue,) = read(f"1\n00:00:00,000 --> 00:00:02,000\n{words}\n").cues
    return cue.text


@pytest.mark.parametrize(
    "words",
    [
        "I <3 this",
        "a < b and c > d",
        "write to <joe@example.org> now",
        "<- left | right ->",
        "<laughs>",
        "a <b and c> d",
        "< i >",
        "<ins>",
        "5 > 4 & 3 < 4",
        "AT&T; R&copy",
        "{hello}",
        "<i",
        "<font",
        "left --> right",
        "the 10:30 -> 11:00 train",
        "it is 10:30",
    ],
)
def test_text_that_is_no_tag_is_kept(words: str) -> None:
    assert text_of(words) == words
    assert text_of(f"<i>{words} </i>") == words


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("<i>a</i> <B>b</B> <u>c</u> <s>d</s>", "a b c d"),
        ('<font color="#ff0000">red</font>', "red"),
        ("<FONT color=red size=3>red</FONT>", "red"),
        ('<i class="x">a</i>', "a"),
        ("<i>never closed", "never closed"),
        ("one<br>two<br/>three<br />four", "one\ntwo\nthree\nfour"),
        ("a\\Nb\\hc", "a\nb\u00a0c"),
        ("in C:\\new\\home\\h", "in C:\\new\\home\\h"),
        ("<strike>a</strike> <Em>b</eM> <span class='x'>c</span>", "a b c"),
        ("<c.yellow>a</c> <v Bob>b</v> <ruby>c<rt>d</rt></ruby>", "a b cd"),
        ("<strike>a</strike> <laughs> </joe>", "a <laughs> </joe>"),
        ("{y:i}a {C:$0000ff}b", "a b"),
        ("&lt;b&gt; &amp; &#169;&nbsp;&quot;", '<b> & ©\u00a0"'),
        ("&amp;lt;", "&lt;"),
        ("{\\an8}{\\pos(1,2)}up {\\i1}there{\\i0}", "up there"),
    ],
)
def test_tags_are_stripped_and_entities_decoded(words: str, shown: str) -> None:
    assert text_of(words) == shown


@pytest.mark.parametrize(
    ("override", "position"),
    [
        (r"{\an8}", "top"),
        (r"{\an8\b1}", "top"),
        (r"{\b1\an8}", "top"),
        (r"{\b1}{\an7}", "top_left"),
        (r"{\an5}{\an8}", "centre"),
        (r"{\a6}", "top"),
        (r"{\a11}", "right"),
        (r"{\a2}", "bottom"),
        (r"{\a1\i1}", "bottom_left"),
        (r"{\alpha&H80&}", "bottom"),
        (r"{\an0}", "bottom"),
        (r"\an8", "bottom"),
    ],
)
def test_cue_has_its_position(override: str, position: str) -> None:
    (cue,) = read(f"1\n00:00:00,000 --> 00:00:02,000\n{override}words\n").cues
    assert cue.place == place_of(position)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "timing",
    [
        "2\n00:00:01,000 --> 00:00:01,900",
        "00:00:01,000 --> 00:00:01,900",
        "Chapter two\n00:00:01,000 --> 00:00:01,900",
        "2\n00:00:01.000 --> 00:00:01.900",
        "2\n00:00:01:000 --> 00:00:01:900",
        "2\n0:0:1,000 --> 0:0:1,900",
        "2\n00:01,000 --> 00:01,900",
        "2\n00:01,000 -> 00:01,900",
        "2\n00:00:01,000-->00:00:01,900",
        "2\n  00:00:01,000\t-->  00:00:01,900  ",
        "2\n00:00:01, 000 --> 00: 00:01,900",
        "2\n00:00:01,000 -> 00:00:01,900",
        "2\n00:00:01,000 –-> 00:00:01,900",
        "2\n00:00:01,000 —> 00:00:01,900",
        "2\n00:00:01,000 ---> 00:00:01,900",
        "2\n00:00:01,000 - -> 00:00:01,900",
        "2\n00:00:01,000 --&gt; 00:00:01,900",
        "2\n00:00:01,000 → 00:00:01,900",
        "2\n00:00:01,000\u00a0-->\u00a000:00:01,900\u00a0",
        "2\n\u3000\u200f00:00:01,000\u3000--> \u200e00:00:01,900\u200f",
        "\u200e2\u200e\n\u202a00:00:01,000 --> 00:00:01,900\u202c",
        "2\n\ufeff00:00:01,000 --> 00:00:01,900",
        "2\n00：00：01，000 --> 00：00：01．900",
        "2\n００:００:０１,０００ --> ٠٠:٠٠:٠١,٩٠٠",
        "2\n00:00:01,000 --> 00:00:01,900 X1:10 X2:20 Y1:1 Y2:2",
        "2\n00:00:01,000 --> 00:00:01,900 position:10% line:0",
    ],
)
def test_timestamps_are_read_in_every_common_notation(timing: str) -> None:
    right = [("one", 0.0, 0.9), ("two", 1.0, 1.9), ("three", 2.0, 2.9)]
    for end in ("\n", "\r\n", "\r"):
        assert texts(f"{FIRST}{timing}\ntwo{LAST}".replace("\n", end)) == right
        assert texts(f"{timing}\ntwo{LAST}".replace("\n", end)) == right[1:]
    if timing[0] in "02":
        assert texts(f"{FIRST.rstrip()}\n{timing}\ntwo\n{LAST.lstrip()}") == right, "no blank lines"


@pytest.mark.parametrize(
    ("timing", "times_s"),
    [
        ("00:00:01 --> 00:00:02", (1.0, 2.0)),
        ("00:00:01,5 --> 00:00:02,50", (1.005, 2.05)),  # as ffmpeg and VLC do
        ("00:00:01.123456 --> 00:00:02", (1.123456, 2.0)),
        ("-00:00:01,000 --> 00:00:02,000", (-1.0, 2.0)),
        ("100:00:00,000 --> 100:00:01,000", (360_000.0, 360_001.0)),
        ("00:00:01,000 --> 00:00:01,000", (1.0, 1.0)),
    ],
)
def test_unusual_timestamps_are_read_as_players_do(timing: str, times_s: tuple[float, float]) -> None:
    assert texts(f"1\n{timing}\nwords") == [("words", *times_s)]


@pytest.mark.parametrize(
    "line",
    [
        "00:00:01,000 -->",
        "--> 00:00:01,900",
        "00:00:01,000 --> later",
        "00.00.01,000 --> 00.00.01,900",
        "00:00:01,000 00:00:01,900",
        "00:00:01,000",
        "1 --> 2",
        "00:00:xx,000 --> 00:00:01,900",
    ],
)
def test_unreadable_timing_line_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(errors.RecipeInvalid, match="subtitles: line 6 has no times"):
        read(f"{FIRST}2\n{line}\ntwo{LAST}")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("00:00:01,000 --> 00:00:02,000\n42\n\n00:00:03,000 --> 00:00:04,000\nb", ["42", "b"]),
        ("00:00:01,000 --> 00:00:02,000\na\n\nc\n\n2\n00:00:03,000 --> 00:00:04,000\nb", ["a\n\nc", "b"]),
        ("00:00:01,000 --> 00:00:02,000\n\na\n00:00:03,000 --> 00:00:04,000\nb", ["a", "b"]),
        ("1\n00:00:01,000 --> 00:00:02,000\n\n2\n00:00:03,000 --> 00:00:04,000\nb", ["b"]),
        ("1\n00:00:01,000 --> 00:00:02,000\n2\n00:00:03,000 --> 00:00:04,000\nb", ["b"]),
        ("by somebody\n\n1\n00:00:01,000 --> 00:00:02,000 a\n", ["a"]),
        ("1\n00:00:01,000 --> 00:00:05,000\na\n\n2\n00:00:02,000 --> 00:00:04,000\nb", ["a", "b"]),
    ],
    ids=["digits", "blank line", "late words", "silent", "silent and tight", "on the line", "overlapping"],
)
def test_text_belongs_to_the_timing_above_it(file: str, expected: list[str]) -> None:
    assert [cue.text for cue in read(file).cues] == expected


@pytest.mark.parametrize(
    "filler", ["<", "<a ", "</a>", "- ", "1:", " ", "\u200b", "{y:", "a:\\", "&#1", "1 --> a:\u200b"]
)
def test_longest_line_is_read_quickly(filler: str) -> None:
    """A quadratic pattern would never finish; ten times as many characters may take ten times as long."""
    line = filler * (900_000 // len(filler))
    for text in (f"{line} x", f"00:00:01,000 --> 00:00:02,000 {line} x", f"00:00:01,000{line}x"):
        with contextlib.suppress(errors.RecipeInvalid):
            read(f"1\n00:00:00,000 --> 00:00:01,000\na\n{text}\n")
