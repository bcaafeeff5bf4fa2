"""Compiles the GIF encoder's C kernels and the launcher when gifapp is installed, editable installs included.

The compiler is Zig's, from the wheel that pyproject.toml names as a build requirement: the machine needs
none, and everybody's kernels come from the same one. Nothing is left behind; its caches are temporary.
"""

from __future__ import annotations

import os
import platform
import runpy
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_SOURCES = Path("gifapp", "conversion", "gif", "native", "sources.py")
_LAUNCHER = Path("gifapp", "launcher", "source.py")
_GLIBC = "2.17"  # the oldest to run on
# nothing is contracted to fused operations, so that every build computes the same palettes
_FLAGS = ("-std=c11", "-ffp-contract=off", "-fvisibility=hidden", "-fPIC", "-shared", "-Wall")
_OPTIMISED = ("-O3", "-fno-sanitize=undefined")
# undefined behaviour ends the process
SANITIZED = ("-O1", "-fsanitize=undefined", "-fsanitize-trap=undefined", "-Wextra", "-Werror")
# the processors of 2009 and later; those of 2013 and later, none of which is slow to read 32 bytes anywhere
_BUILDS = {"kernels.so": "x86_64_v2", "kernels_avx2.so": "x86_64_v2+avx2-slow_unaligned_mem_32"}


class NativeBuildHook(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        root = Path(self.root)
        built = [*compile_kernels(root / _SOURCES), compile_launcher(root / _LAUNCHER)]
        build_data["artifacts"] += [str(file.relative_to(root)) for file in built]
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{_platform_tag()}"


def compile_kernels(sources_module: Path, flags: tuple[str, ...] = _OPTIMISED) -> list[Path]:
    """Compile the C files beside `sources_module`; returns the libraries, which lie there too."""
    sources = runpy.run_path(str(sources_module))  # gifapp itself is not installed yet
    directory = sources_module.parent
    builds = _BUILDS if platform.machine() in {"x86_64", "AMD64"} else {"kernels.so": "baseline"}
    digest = f'-DSOURCE_DIGEST="{sources["digest"]()}"'
    for name, processor in builds.items():
        _zig(*_FLAGS, *flags, f"-mcpu={processor}", digest, *sources["sources"](), "-o", directory / name)
    return [directory / name for name in builds]


def compile_launcher(source_module: Path) -> Path:
    """Compile the C file that `source_module` names; returns the program, which lies beside it."""
    source = runpy.run_path(str(source_module))
    digest = f'-DSOURCE_DIGEST="{source["digest"]()}"'
    program: Path = source["PROGRAM"]
    _zig("-std=gnu11", "-Wall", *_OPTIMISED, digest, source["SOURCE"], "-o", program)
    return program


def _zig(*arguments: str | Path) -> None:
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
        argv = [sys.executable, "-m", "ziglang", "cc", *_target(), *map(str, arguments)]
        subprocess.run(argv, check=True, env=environment)


def _has_glibc() -> bool:
    return platform.libc_ver()[0] == "glibc"


def _target() -> list[str]:
    return ["-target", f"{platform.machine()}-linux-gnu.{_GLIBC}"] if _has_glibc() else []


def _platform_tag() -> str:
    if _has_glibc():
        return f"manylinux_{_GLIBC.replace('.', '_')}_{platform.machine()}"
    return sysconfig.get_platform().replace("-", "_").replace(".", "_")
