"""`gifapp admin`: accounts, by whoever runs the service."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gifapp import settings as configured
from gifapp.commands import options
from gifapp.commands.parts import prepare
from gifapp.domain.views import Role
from gifapp.identity.service import Identity
from gifapp.settings import Settings
from gifapp.up.directory import running_service

_password_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")


@click.group()
def admin() -> None:
    """Manage the accounts of a service that runs."""


@admin.command("create-user")
@click.argument("email")
@click.option("--admin", "is_admin", is_flag=True, help="Make an administrator.")
@_password_stdin
@options.data_dir
def create_user(email: str, is_admin: bool, password_stdin: bool, data_dir: Path | None) -> None:
    """Make an account; asks for its password."""
    with _identity(configured.load(data_dir=data_dir)) as identity:
        role: Role = "administrator" if is_admin else "user"
        user = identity.create_user(email, _password(password_stdin), role)
        click.echo(f"{user.email} can sign in now.")


@admin.command("set-password")
@click.argument("email")
@_password_stdin
@options.data_dir
def set_password(email: str, password_stdin: bool, data_dir: Path | None) -> None:
    """Give an account a new password; whoever is signed in with it is signed out."""
    with _identity(configured.load(data_dir=data_dir)) as identity:
        identity.set_password(email, _password(password_stdin))
        click.echo("The password is changed; every session of this account is over.")


@admin.command("list-users")
@options.data_dir
def list_users(data_dir: Path | None) -> None:
    """List every account, oldest first."""
    with _identity(configured.load(data_dir=data_dir)) as identity:
        for user in identity.users():
            click.echo(f"{user.email}\t{user.role}")


@admin.command()
@options.data_dir
def invite(data_dir: Path | None) -> None:
    """Print a link that makes one account; it is good for a week."""
    settings = configured.load(data_dir=data_dir)
    with _identity(settings) as identity:
        click.echo(f"{_url(settings)}/?invite={identity.invite()}")


@contextlib.contextmanager
def _identity(settings: Settings) -> Iterator[Identity]:
    with contextlib.closing(prepare(settings).build_identity()) as identity:
        yield identity


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _url(settings: Settings) -> str:
    """Where people reach the service."""
    service = running_service(settings.data_dir)
    return settings.url if settings.public_url or service is None else service.url.rstrip("/")
