"""Where lines may break: UAX #14 and language rules."""
# ruff: noqa: RUF001 - similar-looking letters are intended

import time

import pytest

from gifapp.conversion.text.line_breaking import break_ranges, graphemes


def pieces(text: str) -> list[str]:
    clusters = graphemes(text)
    return ["".join(clusters[first:last]) for first, last in break_ranges(clusters)]


@pytest.mark.parametrize(
    "expected",
    [
        "one |two",
        "well-|known",
        "a–|b",
        "a|—|b",
        "no\u00a0break",
        "zero\u200b|width",
        "word\u2060joiner",
        "soft\u00ad|hyphen",
        "3-4",
        "10\u202f% |of",
        "“said”",
        "(in |brackets)",
        "一|二|三。",
        "他|说：|好！",
        "「か」|「き」",
        "カッ|コー",
        "안녕하세요 |세계",
        "😀|😀",
        "❤️|❤️",
        "🇩🇪|🇫🇷",
        "🏳️‍🌈|👩‍👩‍👧‍👦|👍🏽",
        "葛\U000e0100|城",
        "คำ|บรรยาย|ภาพ|เคลื่อนไหว",
        "ພາສາ|ລາວ",
        "ខ្មែរ|ភាសា|កម្ពុជា",
        "နေ|ကောင်း|လား",
    ],
)
def test_lines_break_where_the_script_allows_it(expected: str) -> None:
    assert pieces(expected.replace("|", "")) == expected.split("|")


@pytest.mark.parametrize(
    "text", ["e\u0301", "❤️", "🇩🇪", "🏳️‍🌈", "👩‍👩‍👧‍👦", "👍🏽", "1️⃣", "葛\U000e0100", "क्षि", "กำ"]
)
def test_user_perceived_character_is_one_grapheme(text: str) -> None:
    assert graphemes(f"a{text}b") == ["a", text, "b"]


@pytest.mark.parametrize("filler", ["\u0300", "ก", "字", "ည်", "👩\u200d", "\u202b", "ា", "a ", "\u200b", "“"])
def test_long_texts_are_split_quickly(filler: str) -> None:
    begin = time.process_time()
    assert "".join(pieces((filler * 100_000)[:100_000]))
    assert time.process_time() - begin < 3
