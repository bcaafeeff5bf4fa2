"""WebVTT as browsers read it: text and position."""

import pytest

from gifapp.conversion.text.layout import Place
from gifapp.conversion.text.subtitles import read
from gifapp.domain.recipes.recipe import Recipe
from tests.support.plans import box, first_picture


def shown(cue: str, settings: str = "") -> tuple[str, Place]:
    (read_cue,) = read(f"WEBVTT\n\n00:00.000 --> 00:02.000 {settings}\n{cue}\n").cues
    return read_cue.text, read_cue.place


@pytest.mark.parametrize(
    ("cue", "words"),
    [
        ("Hello <c there", "Hello"),
        ("Hello <", "Hello"),
        ("Hello <c there\nand here", "Hello"),
        ("<v Bob>Hi</v> <c.yellow.bg>there</c>", "Hi there"),
        ("<lang en>a</lang><00:00:00.500>b<00:01.000>c", "abc"),
        ("a <unknown>b</unknown> <3", "a b"),
        ("&lt;b&gt; &amp; &copy; &nbsp;x &notanentity; &#65;", "<b> & © \u00a0x ¬anentity; A"),
        ("a&lrm;b&rlm;c", "a\u200eb\u200fc"),
        ("&amp;lt;", "&lt;"),
        ("<ruby>漢<rt>かん</rt></ruby>です", "漢です"),
        ("<ruby>漢<rt>かん</ruby>です", "漢です"),
        ("<ruby>漢<rt>かん</rt>字<rt>じ</rt></ruby>です", "漢字です"),
        ("<ruby>漢<rt><b>かん</b></rt></ruby>です", "漢です"),
        ("<rt>no ruby</rt>", "no ruby"),
        ("<i>never closed", "never closed"),
        ("one\ntwo", "one\ntwo"),
    ],
)
def test_text_equals_that_of_browsers(cue: str, words: str) -> None:
    assert shown(cue)[0] == words


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ("", Place()),
        ("line:0", Place(down=0.0, hang=0.0)),
        ("line:2", Place(down=0.0, hang=0.0, lines=2)),
        ("line:-1", Place()),
        ("line:-3", Place(lines=-2)),
        ("line:25%", Place(down=0.25, hang=0.0)),
        ("line:25%,center", Place(down=0.25, hang=0.5)),
        ("line:100%,end", Place(down=1.0, hang=1.0)),
        ("line:9999999999999999999", Place(down=0.0, hang=0.0, lines=1_000)),
        ("align:left", Place(align=0.0)),
        ("align:start", Place(align=0.0)),
        ("align:end", Place(align=1.0)),
        ("align:right", Place(align=1.0)),
        ("position:25%", Place(left=0.0, width=0.5)),
        ("position:75%", Place(left=0.5, width=0.5)),
        ("position:25% align:left", Place(left=0.25, width=0.75, align=0.0)),
        ("position:25%,line-right", Place(left=0.0, width=0.25)),
        ("size:50%", Place(left=0.25, width=0.5)),
        ("size:50% align:right", Place(left=0.5, width=0.5, align=1.0)),
        ("position:0%", Place(left=-0.1, width=0.2)),
        ("vertical:rl line:0", Place()),
        ("line:x align:up size:200%", Place()),
        ("region:none", Place()),
    ],
)
def test_settings_position_a_cue_as_browsers_do(settings: str, place: Place) -> None:
    assert shown("words", settings)[1] == place


def test_start_of_right_to_left_text_is_the_right() -> None:
    assert shown("שלום", "align:start")[1] == Place(align=1.0)
    assert shown("שלום", "align:end")[1] == Place(align=0.0)


@pytest.mark.parametrize(
    ("settings", "middle"),
    [
        ("line:0", (0.5, 0.07)),
        ("line:-1", (0.5, 0.93)),
        ("line:50%,center", (0.5, 0.5)),
        ("align:left", (0.05, 0.93)),
        ("position:75%", (0.75, 0.93)),
        ("position:100% line:0 align:end", (0.95, 0.07)),
        ("position:0% line:999", (0.05, 0.93)),
    ],
)
def test_cues_are_at_their_position_in_the_picture(settings: str, middle: tuple[float, float]) -> None:
    subtitles = f"WEBVTT\n\n00:00.000 --> 00:02.000 {settings}\nw\n"
    rows, columns = box(first_picture(Recipe(subtitles=subtitles), width_px=400, height_px=200))
    assert (columns.start + columns.stop) / 800 == pytest.approx(middle[0], abs=0.03)
    assert (rows.start + rows.stop) / 400 == pytest.approx(middle[1], abs=0.05)
    assert 5 <= rows.start < rows.stop <= 195
    assert 5 <= columns.start < columns.stop <= 395


@pytest.mark.parametrize(
    ("timing", "where"),
    [
        ("00:xx.000 --> 00:02.000", "(line 4)"),
        ("00:01,000 --> 00:02,000", "(line 4)"),
        ("00:99.000 --> 00:99.500", ""),
    ],
)
def test_cues_that_browsers_drop_get_a_note(timing: str, where: str) -> None:
    subtitles = read(f"WEBVTT\n\none\n{timing}\nlost\n\n00:03.000 --> 00:04.000\nfound\n")
    assert [cue.text for cue in subtitles.cues] == ["found"]
    (note,) = subtitles.notes
    assert note.startswith("Subtitles left out because of unreadable times: 1")
    assert where in note


def test_vertical_cues_get_a_note() -> None:
    subtitles = read("WEBVTT\n\n00:03.000 --> 00:04.000 vertical:rl\nfound\n")
    assert subtitles.notes == ("Vertical subtitles are shown horizontally, at the bottom.",)
