"""`gifapp doctor`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gifapp.commands import options
from gifapp.commands.tables import Row, make_table

if TYPE_CHECKING:
    from gifapp.up.findings import Finding

_COLOURS = {"ok": "green", "look": "yellow", "broken": "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@options.data_dir
def doctor(as_json: bool, data_dir: Path | None) -> None:
    """Check what is installed, reachable and writable, and suggest fixes."""
    from gifapp import settings as configured
    from gifapp.commands.service_findings import of_the_service
    from gifapp.up.findings import of_this_machine

    settings = configured.load(data_dir=data_dir)
    findings = [*of_this_machine(settings), *of_the_service(settings)]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _show(findings)
    if any(finding.state == "broken" for finding in findings):
        sys.exit(1)


def _show(findings: list[Finding]) -> None:
    from rich.console import Console

    Console().print(make_table(map(_row, findings)))


def _row(finding: Finding) -> Row:
    from rich.text import Text

    advice = f"\n→ {finding.advice}" if finding.advice else ""
    return Text(finding.state, _COLOURS[finding.state]), finding.name, Text(finding.found + advice)
