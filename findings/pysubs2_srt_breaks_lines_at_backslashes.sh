#!/bin/sh
# pysubs2 1.8.1: reading SRT, a backslash is not escaped in the text that it keeps in ASS notation, so that `\n`,
# `\N` and `\h` of the subtitle become line breaks and a space.
# Seen: "C:\new\home" is "C:", a line break, "ew", a space, "ome".
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pysubs2==1.8.1
venv/bin/python - <<'END'
import pysubs2

cue = "1\n00:00:01,000 --> 00:00:02,000\nC:\\new\\home\n\n"
seen = pysubs2.SSAFile.from_string(cue, format_="srt")[0].plaintext
print(ascii(seen))
assert seen == "C:\new ome"
END
