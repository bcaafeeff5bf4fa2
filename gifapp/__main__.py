"""The command line."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from gifapp import errors
from gifapp.garbage import collect_rarely

# module and help line of each command, so that `gifapp --help` imports none of them
_COMMANDS = {
    "convert": ("gifapp.commands.convert", "Convert VIDEO into a GIF."),
    "frames": (
        "gifapp.commands.frames",
        "List or export the frames of VIDEO that a recipe shows.",
    ),
    "up": (
        "gifapp.commands.up",
        "Run the whole service on this machine until Ctrl-C: Redis, MongoDB, the web server and the workers.",
    ),
    "web": ("gifapp.commands.web", "Run one web server: the API and the dashboard."),
    "worker": ("gifapp.commands.workers", "Run one worker: one conversion at a time."),
    "workers": ("gifapp.commands.workers", "Run workers, as many as the queue needs."),
    "admin": ("gifapp.commands.admin", "Manage the accounts of a running service."),
    "jobs": ("gifapp.commands.jobs", "List, show, cancel and retry jobs of all accounts."),
    "dead": (
        "gifapp.commands.dead",
        "List, requeue and purge dead letters: jobs that failed on every attempt.",
    ),
    "queue": ("gifapp.commands.queue", "Show, pause and resume the queue."),
    "config": (
        "gifapp.commands.config",
        "Show every setting, its value and its source; passwords are hidden.",
    ),
    "doctor": (
        "gifapp.commands.doctor",
        "Check what is installed, reachable and writable, and suggest fixes.",
    ),
    "backup": (
        "gifapp.commands.backup",
        "Back up accounts, jobs, videos, GIFs and the secret to one file. The service may be running.",
    ),
    "restore": (
        "gifapp.commands.backup",
        "Restore a backup into an empty data directory or empty servers. Stop the service first.",
    ),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they run."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in _COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gifapp")
@click.pass_context
def gifapp(ctx: click.Context) -> None:
    """Turn videos into small, good-looking GIFs."""
    if ctx.invoked_subcommand != "convert":  # its output file follows the user's own umask
        os.umask(0o077)


def main(argv: list[str] | None = None) -> Any:
    """Run the command line. Exit status: 0 success, 1 an error, printed in one sentence, 2 wrong usage."""
    _open_standard_streams()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in `processes`
    # pydantic would look for them in the metadata of every installed package
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    collect_rarely()
    try:
        return _run(argv)
    except errors.GifappError as error:
        print(f"gifapp: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _open_standard_streams() -> None:
    """Where a caller has closed one, a file that is opened later would get its number, and the output."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            stream = Path(os.devnull).open(mode)  # gets the lowest free number  # noqa: SIM115
            os.set_inheritable(stream.fileno(), True)
            setattr(sys, name, stream)


def _run(argv: list[str] | None) -> Any:
    try:
        return gifapp.main(args=argv, prog_name="gifapp")
    except ModuleNotFoundError as missing:
        module = str(missing.name).partition(".")[0]
        if module == "gifapp":
            raise
        raise errors.ServiceNotInstalled(module=module) from None


if __name__ == "__main__":
    main()
