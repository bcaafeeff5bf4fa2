"""`gifapp config`."""

from __future__ import annotations

from pathlib import Path

import click

from gifapp.commands import options
from gifapp.commands.tables import echo_table


@click.command()
@options.data_dir
def config(data_dir: Path | None) -> None:
    """Show every setting, its value and its source; passwords are hidden."""
    from gifapp import settings as configured
    from gifapp.redaction import redact

    settings = configured.load(data_dir=data_dir)
    origins = configured.origins(data_dir=data_dir)
    echo_table(
        (f"GIFAPP_{name.upper()}", redact(_shown(getattr(settings, name))), origin)
        for name, origin in origins.items()
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value) or "-"
    return "-" if value is None else str(value)
