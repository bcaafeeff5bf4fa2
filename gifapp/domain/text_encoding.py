"""Decodes text files of unknown encoding. Pure."""

from __future__ import annotations

import codecs
import re

# longest first: a UTF-32 mark begins like a UTF-16 one
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
LATIN = ("cp1252", "cp1250", "cp1254", "cp1257", "cp1258")
OTHERS = (
    *("gb18030", "big5", "cp932", "euc_jis_2004", "cp949", "cp1251", "koi8-r", "koi8-u"),
    *("cp1253", "cp1255", "cp1256", "cp874", "utf-16-le", "utf-16-be"),
)
UNSURE = 0.04  # chardet's confidence; below it, a Latin encoding is a mere guess
FOREIGN = re.compile(rb"[\x80-\xff]+")


def decode_text(data: bytes) -> str:
    """Decode text by its byte order mark, which is removed, else as UTF-8, else as chardet detects.

    Raises:
        ValueError: it is not text, or its encoding is unknown.
    """
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if data.startswith(mark):
            return data.removeprefix(mark).decode(encoding)
    try:
        return data.decode() if b"\0" not in data else _decode_other(data)
    except UnicodeDecodeError:
        return _decode_other(data)


def _decode_other(data: bytes) -> str:
    """Decode an older encoding, or UTF-16 without a mark."""
    import chardet  # noqa: PLC0415  not needed for UTF-8

    is_latin = b"\0" not in data and _are_mostly_alone(data)
    candidates = LATIN if is_latin else (*OTHERS, *LATIN)
    detected = chardet.detect(data, include_encodings=candidates, prefer_superset=True, compat_names=False)
    if detected["encoding"] is None:
        raise ValueError("neither UTF-8 nor in another known encoding")
    is_guess = is_latin and detected["confidence"] < UNSURE
    return data.decode("cp1252" if is_guess else detected["encoding"])


def _are_mostly_alone(data: bytes) -> bool:
    """Whether most non-ASCII letters stand alone among ASCII ones, as only in Latin scripts."""
    lengths = [len(run) for run in FOREIGN.findall(data)]
    return 2 * sum(length for length in lengths if length > 1) < sum(lengths)
