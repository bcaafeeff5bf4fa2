"""`gifapp admin`, against real servers."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gifapp import errors
from gifapp.commands.admin import admin
from gifapp.commands.parts import prepare
from gifapp.identity import service
from gifapp.identity.passwords import Passwords
from gifapp.settings import load

PASSWORD = "correct horse\n"


@pytest.fixture
def data_dir(tmp_path: Path, redis_url: str, mongodb_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GIFAPP_REDIS_URL", redis_url)
    monkeypatch.setenv("GIFAPP_MONGODB_URL", mongodb_url)
    monkeypatch.setattr(service, "Passwords", lambda _: Passwords(4))  # a cheap hash
    return tmp_path


def run(data_dir: Path, *words: str, stdin: str = "") -> Result:
    argv = [*words, "--data-dir", str(data_dir)]
    return CliRunner().invoke(admin, argv, input=stdin, catch_exceptions=False)


def test_accounts_are_created_and_listed(data_dir: Path) -> None:
    run(data_dir, "create-user", "ada@example.org", "--admin", "--password-stdin", stdin=PASSWORD)
    run(data_dir, "create-user", "bob@example.org", stdin=PASSWORD * 2)
    listed = run(data_dir, "list-users").output
    assert listed == "ada@example.org\tadministrator\tenabled\nbob@example.org\tuser\tenabled\n"


def test_password_is_changed(data_dir: Path) -> None:
    run(data_dir, "create-user", "ada@example.org", "--password-stdin", stdin=PASSWORD)
    run(data_dir, "set-password", "ada@example.org", "--password-stdin", stdin="battery staple\n")
    identity = prepare(load(data_dir=data_dir)).build_identity()
    assert identity.login("ada@example.org", "battery staple", "here").user.email == "ada@example.org"
    with pytest.raises(errors.CredentialsWrong):
        identity.login("ada@example.org", PASSWORD.strip(), "here")
    identity.close()


def test_invitation_is_a_link_that_creates_an_account(data_dir: Path) -> None:
    run(data_dir, "create-user", "ada@example.org", "--password-stdin", stdin=PASSWORD)
    link = run(data_dir, "invite").output.strip()
    assert link.startswith("http://127.0.0.1:8866/?invite=")
    identity = prepare(load(data_dir=data_dir)).build_identity()
    invite = link.partition("invite=")[2]
    assert identity.register("bob@example.org", "correct horse", invite=invite, address="here").role == "user"
    identity.close()


@pytest.fixture
def people(data_dir: Path) -> Path:
    """Ada is an administrator, Bob is not."""
    run(data_dir, "create-user", "ada@example.org", "--admin", "--password-stdin", stdin=PASSWORD)
    run(data_dir, "create-user", "bob@example.org", "--password-stdin", stdin=PASSWORD)
    return data_dir


def test_account_is_disabled_and_enabled(people: Path) -> None:
    run(people, "disable", "bob@example.org")
    assert "bob@example.org\tuser\tdisabled\n" in run(people, "list-users").output
    run(people, "enable", "bob@example.org")
    assert "disabled" not in run(people, "list-users").output


def test_role_is_changed_except_the_last_administrators(people: Path) -> None:
    with pytest.raises(errors.LastAdministrator):
        run(people, "set-role", "ada@example.org", "user")
    run(people, "set-role", "bob@example.org", "administrator")
    run(people, "set-role", "ada@example.org", "user")
    assert "bob@example.org\tadministrator" in run(people, "list-users").output


def test_reset_link_changes_the_password(people: Path) -> None:
    link = run(people, "reset-link", "bob@example.org").output.strip()
    address, _, token = link.partition("/?reset=")
    assert address == "http://127.0.0.1:8866"
    identity = prepare(load(data_dir=people)).build_identity()
    assert identity.reset_password(token, "battery staple", "here").user.email == "bob@example.org"
    identity.close()


def test_open_links_are_listed_and_revoked(people: Path) -> None:
    assert run(people, "list-links").output == "No open links.\n"
    token = run(people, "invite").output.strip().partition("invite=")[2]
    run(people, "reset-link", "bob@example.org")
    heading, reset, invitation = run(people, "list-links").output.splitlines()
    assert heading.split() == ["ID", "TYPE", "FOR", "CREATED", "BY", "EXPIRES", "(UTC)"]
    assert reset.split()[1:3] == ["reset", "bob@example.org"]
    assert "invitation  anyone with the link  the command line" in invitation
    assert run(people, "revoke-link", invitation.split()[0]).output == "Link revoked.\n"
    assert [link["kind"] for link in json.loads(run(people, "list-links", "--json").output)] == ["reset"]
    assert token not in run(people, "list-links", "--json").output
    with pytest.raises(errors.NotFound, match="There is no such link"):
        run(people, "revoke-link", invitation.split()[0])


def test_account_is_deleted_after_confirmation(people: Path) -> None:
    run(people, "delete-user", "bob@example.org", stdin="n\n")
    assert "bob" in run(people, "list-users").output
    run(people, "delete-user", "bob@example.org", "--yes")
    assert "bob" not in run(people, "list-users").output
    with pytest.raises(errors.LastAdministrator):
        run(people, "delete-user", "ada@example.org", "--yes")


def test_audit_log_is_listed(people: Path) -> None:
    run(people, "disable", "bob@example.org")
    heading, newest, *_ = run(people, "audit").output.splitlines()
    assert heading.split()[:2] == ["TIME", "(UTC)"]
    assert newest.split()[2:] == ["disabled", "bob@example.org"]
    document = json.loads(
        run(people, "audit", "--user", "bob@example.org", "--kind", "disabled", "--json").output
    )
    assert [event["email"] for event in document] == ["bob@example.org"]
    assert run(people, "audit", "--kind", "deleted").output == "No events found.\n"


def test_errors_are_our_own(data_dir: Path) -> None:
    with pytest.raises(errors.PasswordTooShort):
        run(data_dir, "create-user", "ada@example.org", "--password-stdin", stdin="short\n")
    with pytest.raises(errors.NotFound, match="There is no such account"):
        run(data_dir, "set-password", "ada@example.org", "--password-stdin", stdin=PASSWORD)


def test_without_a_service_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(errors.ServiceNotFound, match="gifapp up"):
        run(tmp_path, "list-users")
