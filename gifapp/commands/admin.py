"""`gifapp admin`: manage accounts from the server's command line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from gifapp.commands import options
from gifapp.commands.administering import administering, show_audit, show_links
from gifapp.domain.accounts import AuditKind, Role

if TYPE_CHECKING:
    from gifapp.identity.account_admin import AccountAdmin
    from gifapp.identity.service import Identity

_email = click.argument("email")
_password_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")


@click.group()
def admin() -> None:
    """Manage the accounts of a running service."""


@admin.command("create-user")
@_email
@click.option("--admin", "is_admin", is_flag=True, help="Create an administrator.")
@_password_stdin
@options.data_dir
def create_user(email: str, is_admin: bool, password_stdin: bool, data_dir: Path | None) -> None:
    """Create an account; prompts for the password."""
    with _identity(data_dir) as identity:
        role: Role = "administrator" if is_admin else "user"
        user = identity.create_user(email, _password(password_stdin), role)
        click.echo(f"Account {user.email} created.")


@admin.command("set-password")
@_email
@_password_stdin
@options.data_dir
def set_password(email: str, password_stdin: bool, data_dir: Path | None) -> None:
    """Set an account's password and sign it out everywhere."""
    with _identity(data_dir) as identity:
        identity.set_password(email, _password(password_stdin))
        click.echo("Password changed; the account was signed out everywhere.")


@admin.command("list-users")
@options.data_dir
def list_users(data_dir: Path | None) -> None:
    """List every account, oldest first."""
    with _identity(data_dir) as identity:
        for user in identity.people.everybody():
            click.echo(f"{user.email}\t{user.role}\t{'disabled' if user.disabled else 'enabled'}")


@admin.command()
@_email
@options.data_dir
def disable(email: str, data_dir: Path | None) -> None:
    """Disable an account: signs it out and revokes its API tokens."""
    with _person(data_dir, email) as (people, user_id):
        people.change(user_id, disabled=True, by=None)
        click.echo("Account disabled; its sessions and API tokens were revoked.")


@admin.command()
@_email
@options.data_dir
def enable(email: str, data_dir: Path | None) -> None:
    """Enable a disabled account."""
    with _person(data_dir, email) as (people, user_id):
        people.change(user_id, disabled=False, by=None)
        click.echo("Account enabled; its password is unchanged.")


@admin.command("set-role")
@_email
@click.argument("role", type=click.Choice(get_args(Role)))
@options.data_dir
def set_role(email: str, role: Role, data_dir: Path | None) -> None:
    """Change an account's role."""
    with _person(data_dir, email) as (people, user_id):
        people.change(user_id, role=role, by=None)
        click.echo(f"The account's role is now {role}.")


@admin.command("reset-link")
@_email
@options.data_dir
def reset_link(email: str, data_dir: Path | None) -> None:
    """Print a password reset link; it works once, within a day."""
    with _identity(data_dir) as identity:
        click.echo(_url(data_dir) + identity.links.reset(identity.people.id_of(email), by=None).path)


@admin.command("delete-user")
@_email
@click.confirmation_option(prompt="Delete the account with all its videos and GIFs?")
@options.data_dir
def delete_user(email: str, data_dir: Path | None) -> None:
    """Delete an account with all its jobs, videos and GIFs."""
    with administering(data_dir) as office:
        people, forget = office.identity.people, office.forget_owner
        people.delete(people.id_of(email), forget=forget, by=None)
        click.echo("Account deleted, with its jobs, videos and GIFs.")


@admin.command()
@click.option("--user", "email", metavar="EMAIL", help="Show only events of this account.")
@click.option("--kind", type=click.Choice(get_args(AuditKind)), help="Show only events of this kind.")
@options.limit
@options.as_json
@options.data_dir
def audit(
    email: str | None, kind: AuditKind | None, limit: int, as_json: bool, data_dir: Path | None
) -> None:
    """List security events, newest first."""
    with _identity(data_dir) as identity:
        user_id = identity.people.id_of(email) if email else None
        page = identity.audit.page(user_id=user_id, kind=kind, limit=limit)
        show_audit(page.events, as_json=as_json)


@admin.command()
@options.data_dir
def invite(data_dir: Path | None) -> None:
    """Print an invitation link for one account; it expires in a week."""
    with _identity(data_dir) as identity:
        click.echo(f"{_url(data_dir)}/?invite={identity.invite()}")


@admin.command("list-links")
@options.limit
@options.as_json
@options.data_dir
def list_links(limit: int, as_json: bool, data_dir: Path | None) -> None:
    """List unused invitation and password reset links, newest first."""
    with _identity(data_dir) as identity:
        show_links(identity.links.page(limit=limit), as_json=as_json)


@admin.command("revoke-link")
@click.argument("link_id", metavar="ID")
@options.data_dir
def revoke_link(link_id: str, data_dir: Path | None) -> None:
    """Revoke a link shown by `list-links`."""
    with _identity(data_dir) as identity:
        identity.links.revoke(link_id, by=None)
        click.echo("Link revoked.")


@contextlib.contextmanager
def _person(data_dir: Path | None, email: str) -> Iterator[tuple[AccountAdmin, str]]:
    with _identity(data_dir) as identity:
        yield identity.people, identity.people.id_of(email)


@contextlib.contextmanager
def _identity(data_dir: Path | None) -> Iterator[Identity]:
    from gifapp.commands.parts import prepare
    from gifapp.settings import load

    settings = load(data_dir=data_dir)
    with contextlib.closing(prepare(settings).build_identity()) as identity:
        yield identity


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return password


def _url(data_dir: Path | None) -> str:
    """The URL by which users reach the service."""
    from gifapp.settings import load
    from gifapp.up.directory import running_service

    settings = load(data_dir=data_dir)
    service = running_service(settings.data_dir)
    return settings.url if settings.public_url or service is None else service.url.rstrip("/")
