#!/bin/sh
# pysubs2 1.8.1: reading SRT, everything between "<" and ">" is dropped from the text, tag or not, and nothing says so.
# Seen: "a < b and c > d" is "a  d", "<joe@example.org>" is empty, "I <3 this" stays.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pysubs2==1.8.1
venv/bin/python - <<'END'
import pysubs2

def read(text):
    cue = f"1\n00:00:01,000 --> 00:00:02,000\n{text}\n\n"
    return pysubs2.SSAFile.from_string(cue, format_="srt")[0].plaintext

seen = [read(text) for text in ("a < b and c > d", "<joe@example.org>", "I <3 this")]
print(seen)
assert seen == ["a  d", "", "I <3 this"]
END
