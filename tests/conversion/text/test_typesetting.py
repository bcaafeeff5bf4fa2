"""Which glyphs are drawn, in which order and font."""
# ruff: noqa: RUF001 - similar-looking letters are intended

import numpy as np
import pytest
import uharfbuzz as hb

from gifapp.conversion.text import fonts, typesetting
from gifapp.conversion.text.typesetting import Block
from gifapp.domain.recipes.recipe import Caption, Recipe
from tests.conversion.text.blocks import block, glyphs
from tests.support.plans import box, drawn, first_picture

SCRIPTS = {
    "Latin": "Gypsy quay, Übergröße, Þjóð, Łódź",
    "Cyrillic": "Привет, їжак",
    "Greek": "Ελληνικά",
    "Chinese": "你好，世界！繁體中文",
    "Japanese": "こんにちは、カタカナ。",
    "Korean": "안녕하세요",
    "Arabic": "السلام عليكم ١٢٣",
    "Persian": "سلام دنیا پژگچ",
    "Hebrew": "שלום עולם",
    "Devanagari": "नमस्ते दुनिया क्षत्रिय",
    "Thai": "สวัสดีชาวโลก",
    "Bengali": "বাংলা",
    "Tamil": "தமிழ்",
    "Telugu": "తెలుగు",
    "Gujarati": "ગુજરાતી",
    "Gurmukhi": "ਪੰਜਾਬੀ",
    "Kannada": "ಕನ್ನಡ",
    "Malayalam": "മലയാളം",
    "Oriya": "ଓଡ଼ିଆ",
    "Sinhala": "සිංහල",
    "Lao": "ລາວ",
    "Khmer": "ខ្មែរ",
    "Burmese": "မြန်မာ",
    "Georgian": "ქართული",
    "Armenian": "Հայերեն",
    "Amharic": "አማርኛ",
    "signs": "€ ₿ ½ © ™ → ∞ ≠ √ ♪ ★ ✓ 𝓗𝓲",
    "emoji": "😀🎉❤️🇫🇷👍🏽🏳️‍🌈1️⃣👩‍👩‍👧‍👦🔥",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_every_script_has_its_glyphs(text: str) -> None:
    assert all(glyph.number for glyph in glyphs(text)), "number 0 is the box that stands for a missing one"
    assert drawn(text).std() > 20


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_no_part_of_a_letter_is_cut_off(text: str) -> None:
    picture = first_picture(Recipe(captions=(Caption(text=text),)), width_px=480, height_px=270)
    rows, columns = box(picture)
    assert 0 < rows.start < rows.stop < 270
    assert 0 < columns.start < columns.stop < 480
    line = block(text)
    assert rows.stop - rows.start <= line.height_px + 1


def test_missing_character_is_a_box() -> None:
    assert [glyph.number for glyph in glyphs("\ue000")] == [0]


def test_descenders_are_drawn() -> None:
    plain, tailed = (drawn(text).shape[0] for text in ("nnn", "gypsy"))
    assert tailed >= plain + 5


def test_arabic_is_joined() -> None:
    joined = [glyph.number for glyph in glyphs("سلام")]
    alone = [glyph.number for letter in "سلام" for glyph in glyphs(letter)]
    assert not set(joined) & set(alone[:2]), "each letter has another form inside of a word"
    width = block("سلام").lines[0].width_em
    assert width < sum(block(letter).lines[0].width_em for letter in "سلام")


def test_right_to_left_text_starts_at_the_right() -> None:
    word = glyphs("אב")
    assert [glyph.number for glyph in word] == [glyphs("ב")[0].number, glyphs("א")[0].number]
    assert [glyph.x_em for glyph in word] == sorted(glyph.x_em for glyph in word)


def test_numbers_and_latin_words_keep_their_order_in_hebrew() -> None:
    order = [glyph.number for glyph in glyphs("א 123 ab")]
    latin = [glyphs(letter)[0].number for letter in "ab"]
    digits = [glyphs(digit)[0].number for digit in "123"]
    shown = [number for number in order if number in latin + digits]
    assert shown == latin + digits, "Hebrew is the first, so all the rest is at its left"


def test_brackets_are_mirrored_in_right_to_left_text() -> None:
    ((first, *_),) = [glyphs("(א)")]
    assert first.number == glyphs("(")[0].number
    assert first.x_em == 0


# each pair: as typed, and as read from left to right
ORDERS = {
    "brackets around Latin": ("שלום (hello) 2026!", "!2026 (hello) םולש"),
    "brackets around Hebrew": ("hello (שלום) 2026!", "hello (םולש) 2026!"),
    "brackets of another kind": ("שלום [hello]", "[hello] םולש"),
    "nested brackets": ("א (b [c] d) ה", "ה (b [c] d) א"),
    "a lone bracket": ("שלום (hello", "hello) םולש"),
    "an embedding": ("\u202bhello, שלום!\u202c", "!םולש ,hello"),
    "an isolate": ("א \u2067b (c)!\u2069", "!b (c) א"),
    "a mark of direction": ("\u200fhello!", "!hello"),
}


@pytest.mark.parametrize(("typed", "read"), ORDERS.values(), ids=ORDERS)
def test_brackets_and_embedded_words_are_ordered_as_in_browsers(typed: str, read: str) -> None:
    assert seen_text(glyphs(typed), set(read)) == read


def seen_text(glyphs: list[typesetting.Glyph], letters: set[str]) -> str:
    """The glyphs as the letters that they show, from left to right."""
    return "".join(
        letter
        for glyph in glyphs
        for letter in letters
        if glyph.typeface.font.get_nominal_glyph(ord(letter)) == glyph.number
    )


@pytest.mark.parametrize("width_px", [110, 140, 200, 400])
def test_each_line_is_ordered_separately(width_px: int) -> None:
    typed = "שלום עולם (hello there) 2026!"
    lines = [seen_text([*line.glyphs], set(typed)) for line in block(typed, width_px).lines]
    assert lines[0].endswith("םולש")
    assert lines[-1].startswith("!2026")
    opening, closing = (next(line for line in lines if word in line) for word in ("hello", "there"))
    assert opening is closing or (opening[-1], closing[closing.index("t") - 1]) == (")", "(")


def test_prebase_vowel_sign_is_drawn_before_its_letter() -> None:
    ki = [glyph.number for glyph in glyphs("कि")]
    assert glyphs("क")[0].number == ki[-1]


def test_shared_characters_have_japanese_and_chinese_forms() -> None:
    chinese, japanese = glyphs("直")[0].number, glyphs("直の")[0].number
    assert chinese != japanese


@pytest.mark.parametrize("emoji", ["😀", "❤️", "🇫🇷", "👍🏽", "🏳️‍🌈", "1️⃣", "👩‍👩‍👧‍👦", "☎"])
def test_emoji_is_one_coloured_picture(emoji: str) -> None:
    assert len(glyphs(emoji)) == 1
    picture = drawn(emoji, size_px=60).astype(int)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 8


@pytest.mark.parametrize("kanji", ["葛\U000e0100", "辻\U000e0101", "葛\ufe00", "字\u034f"])
def test_ideographic_variation_sequence_is_one_glyph(kanji: str) -> None:
    ((glyph,), (plain,)) = glyphs(kanji), glyphs(kanji[0])
    assert glyph.number
    assert glyph.typeface is plain.typeface


@pytest.mark.parametrize(
    "hidden", ["\u200b", "\u2060", "\u200e", "\u200f", "\u2066", "\u202a", "\ufeff", "\u00ad"]
)
def test_invisible_characters_draw_nothing(hidden: str) -> None:
    assert np.array_equal(drawn(f"ab{hidden}cd"), drawn("abcd"))


def test_variation_selector_chooses_text_or_emoji() -> None:
    assert glyphs("☎\ufe0e")[0].typeface is not glyphs("☎")[0].typeface
    assert not glyphs("1")[0].typeface.is_coloured


def test_punctuation_and_spaces_use_the_font_of_the_text() -> None:
    arabic = glyphs("مرحبا، أهلا")
    assert len({id(glyph.typeface) for glyph in arabic}) == 1


def glyph_numbers(block: Block) -> list[list[int]]:
    return [[glyph.number for glyph in line.glyphs] for line in block.lines]


@pytest.mark.parametrize(
    ("soft", "seen"),
    [
        ("soft\u00adhyphen", "soft-\nhyphen"),
        ("חוכ\u00adמות", "חוכ-\nמות"),
        ("soft\u00adhyphen\u00ad", "soft-\nhyphen"),
    ],
)
def test_soft_hyphen_shows_only_at_a_line_break(soft: str, seen: str) -> None:
    narrow_px = block(seen).width_px
    parted = block(soft, width_px=narrow_px)
    assert (parted.size_px, glyph_numbers(parted)) == (28, glyph_numbers(block(seen)))
    assert glyph_numbers(block(soft)) == glyph_numbers(block(soft.replace("\u00ad", "")))


def test_soft_hyphen_takes_room() -> None:
    without_px = block("soft\nly").width_px
    assert block("soft\u00adly", width_px=without_px).size_px < 28


def test_every_font_file_is_in_the_chain() -> None:
    files = {path.name for path in fonts.FOLDER.iterdir() if path.suffix in (".ttf", ".otf")}
    assert files == set(fonts.CHAIN)
    assert all(isinstance(fonts.typeface(name).font, hb.Font) for name in files)
