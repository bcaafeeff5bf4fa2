"""The command line."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from gifapp import errors

# imported only when called: `gifapp convert` must not pay for the web tier
_COMMANDS = {
    "convert": "gifapp.commands.convert",
    "up": "gifapp.commands.up",
    "web": "gifapp.commands.web",
    "worker": "gifapp.commands.workers",
    "workers": "gifapp.commands.workers",
    "admin": "gifapp.commands.admin",
    "jobs": "gifapp.commands.jobs",
    "dead": "gifapp.commands.dead",
    "queue": "gifapp.commands.queue",
    "config": "gifapp.commands.config",
    "doctor": "gifapp.commands.doctor",
    "backup": "gifapp.commands.backup",
    "restore": "gifapp.commands.backup",
}


class LazyGroup(click.Group):
    """A group whose commands are imported by name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = getattr(import_module(_COMMANDS[cmd_name]), cmd_name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gifapp")
def gifapp() -> None:
    """Turn videos into small, good-looking GIFs."""


def main(argv: list[str] | None = None) -> Any:
    """Run the command line: 0 done, 1 failed with one sentence, 2 wrong usage."""
    try:
        return gifapp.main(args=argv, prog_name="gifapp")
    except errors.GifappError as error:
        print(f"gifapp: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


if __name__ == "__main__":
    main()
