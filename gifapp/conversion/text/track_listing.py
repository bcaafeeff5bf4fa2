"""Lists a file's subtitle tracks. Runs as a child process under limits, since the file may be hostile.

Its argument is the file. It prints a JSON array of codec, language and title.
"""

from __future__ import annotations

import json
import sys

import av

from gifapp.conversion.probing.container_formats import FORMATS


def main(name: str) -> None:
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}
    try:
        with av.open(f"file:{name}", options=options, metadata_errors="replace") as container:
            tracks = [
                (
                    stream.codec.canonical_name if stream.codec_context is not None else "unknown",
                    stream.language or "und",
                    stream.metadata.get("title", ""),
                )
                for stream in container.streams.subtitles
            ]
    except (av.FFmpegError, ValueError):
        tracks = []
    json.dump(tracks, sys.stdout)
