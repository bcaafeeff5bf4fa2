"""Text files in common encodings."""
# ruff: noqa: RUF001 - similar-looking letters are intended

import contextlib
import os
import time

import pytest

from gifapp.domain.text_encoding import decode_text

CUE = "1\n00:00:00,000 --> 00:00:02,000\n{}\n"
TEXTS = [
    ("cp1252", "Café"),
    ("cp1252", "Où est l’école ? «Voilà» – naïve façade…"),
    ("cp1252", "Der Mann fährt über die Brücke."),
    ("cp1252", "¡Hola! ¿Qué tal? Mañana"),
    ("cp1250", "Zażółć gęślą jaźń. Cześć, jak się masz?"),
    ("cp1250", "Řekni mi, proč jsi přišel. Ještě žije?"),
    ("cp1254", "Günaydın, nasılsınız? Bugün hava çok güzel, değil mi?"),
    ("cp1251", "Привет, как дела? Сегодня хорошая погода."),
    ("koi8-r", "Привет, как дела? Сегодня хорошая погода."),
    ("cp1253", "Γεια σου, τι κάνεις; Σήμερα ο καιρός είναι καλός"),
    ("cp1255", "שלום, מה שלומך? היום מזג האוויר יפה"),
    ("cp1256", "مرحبا، كيف حالك؟ الطقس جميل اليوم"),
    ("cp874", "สวัสดีครับ วันนี้อากาศดีมาก"),
    ("gbk", "你好"),
    ("gbk", "你好，世界！今天天气很好，我们去公园散步吧。"),
    ("big5", "你好，世界！今天天氣很好，我們去公園散步吧。"),
    ("shift_jis", "こんにちは、元気ですか。"),
    ("euc-jp", "こんにちは、元気ですか。今日は天気がいいですね。"),
    ("euc-kr", "안녕하세요. 오늘 날씨가 좋네요."),
    ("utf-8", "你好 Café"),
    ("utf-16-le", "Hello"),
    ("utf-16-be", "你好"),
]


@pytest.mark.parametrize(("encoding", "words"), TEXTS)
def test_encoding_is_detected_from_the_letters(encoding: str, words: str) -> None:
    text = CUE.format(words)
    assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_byte_order_mark_decides_and_is_removed(encoding: str) -> None:
    assert decode_text("\ufeffCafé 你好".encode(encoding)) == "Café 你好"


@pytest.mark.parametrize(
    "data", [bytes(range(256)) * 40, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(200)) * 9]
)
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"neither UTF-8 nor in another known encoding|can.t decode"):
        decode_text(data)


@pytest.mark.parametrize(
    "data", [b"\xe4" * 400_000, "你好".encode("gbk") * 100_000, os.urandom(400_000)], ids=["a", "b", "c"]
)
def test_decoding_is_fast(data: bytes) -> None:
    begin = time.process_time()
    with contextlib.suppress(ValueError):
        decode_text(data)
    assert time.process_time() - begin < 2
