#!/bin/sh
# python-bidi 0.6.12: bidi.get_display (compiled) and bidi.algorithm.get_display (Python) order brackets differently.
# Only the compiled one follows rule N0 of UAX 9, by which both brackets of a pair take one direction.
# Seen, shin lamed vav final-mem, then "(hello) 2026!": compiled "!2026 )hello( ...", Python "!hello) 2026) ...".
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-bidi==0.6.12
venv/bin/python - <<'END'
import bidi
import bidi.algorithm

shalom = "\u05e9\u05dc\u05d5\u05dd"
text = f"{shalom} (hello) 2026!"
seen = bidi.get_display(text), bidi.algorithm.get_display(text)
print(*map(ascii, seen))
assert seen == (f"!2026 )hello( {shalom[::-1]}", f"!hello) 2026) {shalom[::-1]}")
END
