"""The program gifski from npm; only ever run as a separate program, because it is AGPL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.videos import cache_folder

VERSION = "1.7.1"


def fetch() -> Path | None:
    """Fetch the program from npm; if that fails, print why and return None."""
    cache = cache_folder()
    program = cache / "package" / "bin" / "debian" / "gifski"
    if not program.exists():
        try:
            npm = ["npm", "pack", "--silent", f"gifski@{VERSION}"]
            subprocess.run(npm, cwd=cache, check=True, stdout=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"gifski is left out: npm could not fetch it ({error})", file=sys.stderr)
            return None
        subprocess.run(["tar", "xzf", f"gifski-{VERSION}.tgz"], cwd=cache, check=True)
        program.chmod(0o755)
    return program


def command(program: Path, pictures: Sequence[Path], fps: float, width_px: int, gif: Path) -> list[str]:
    words = [program, "-Q", 90, "--quiet", "--fps", fps, "--width", width_px, "-o", gif, *pictures]
    return [str(word) for word in words]
