"""The commands for the queue and the jobs of all owners, against real servers."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner, Result
from rich.cells import cell_len

from gifapp import errors
from gifapp.__main__ import gifapp, main
from gifapp.commands.administering import administering
from gifapp.commands.parts import prepare
from gifapp.conversion.probing.probe import probe
from gifapp.conversion.video import Video
from gifapp.domain.limits import Limits
from gifapp.domain.recipes.recipe import Recipe
from gifapp.identity.service import build_identity
from gifapp.jobs.db import leases, sources
from gifapp.jobs.db.documents import JobDocument
from gifapp.settings import load
from tests.support.clips import real_clip

ADA, BOB = "ada@example.org", "bob@example.org"
EVIL_NAME = "a\x1b[2Jb 猫.mp4"


@pytest.fixture
def data_dir(
    tmp_path: Path, redis_url: str, mongodb_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    monkeypatch.setenv("GIFAPP_REDIS_URL", redis_url)
    monkeypatch.setenv("GIFAPP_MONGODB_URL", mongodb_url)
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield tmp_path
    structlog.reset_defaults()
    root.handlers[:], root.level = handlers, level


@pytest.fixture(scope="module")
def video() -> Video:
    return probe(real_clip(), limits=Limits())


@pytest.fixture
def owners(data_dir: Path, redis_url: str, mongodb_url: str) -> dict[str, str]:
    """The ids of Ada and Bob; their passwords are cheap to hash."""
    identity = build_identity(
        mongodb_url=mongodb_url,
        redis_url=redis_url,
        secret=b"s" * 32,
        registration="closed",
        password_rounds=4,
    )
    ids = {email: identity.create_user(email, "correct horse", "user").id for email in (ADA, BOB)}
    identity.close()
    return ids


@pytest.fixture
def ids(data_dir: Path, owners: dict[str, str], video: Video) -> dict[str, str]:
    """The ids of a queued job of Ada's, and of one dead letter each of Ada and Bob."""
    with prepare(load(data_dir=data_dir)).build_jobs() as jobs:

        def submit(email: str, fps: int) -> str:
            facts: dict[str, Any] = {"size_bytes": 1, "sha256": "0" * 64, "video": video}
            source = sources.add_source(owners[email], name=EVIL_NAME, **facts)
            return jobs.submission.submit(owners[email], source.id, Recipe(fps=float(fps))).id

        dead = {email: submit(email, 5) for email in (ADA, BOB)}
        JobDocument.objects.update(set__max_attempts=1)
        for owner_id in owners.values():
            claimed = leases.claim(owner_id, worker="w", lease_s=30)
            assert claimed is not None
            leases.fail(leases.attempt_of(claimed), errors.ConversionCrashed(reason="a test"))
        return {"queued": submit(ADA, 10), "dead": dead[ADA], "dead of bob": dead[BOB]}


def run(data_dir: Path, words: str, *, stdin: str = "", code: int = 0) -> Result:
    argv = [*words.split(), "--data-dir", str(data_dir)]
    result = CliRunner().invoke(gifapp, argv, input=stdin, catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def listed(data_dir: Path, words: str) -> list[str]:
    """The ids in a list command's output."""
    return [job["id"] for job in json.loads(run(data_dir, f"{words} --json").stdout)]


def state_of(data_dir: Path, job_id: str) -> str:
    return str(json.loads(run(data_dir, f"jobs show {job_id} --json").stdout)["state"])


def test_jobs_are_listed_newest_first(data_dir: Path, ids: dict[str, str]) -> None:
    assert listed(data_dir, "jobs list") == [ids["queued"], ids["dead of bob"], ids["dead"]]
    assert listed(data_dir, "jobs list --state queued") == [ids["queued"]]
    assert listed(data_dir, f"jobs list --owner {BOB}") == [ids["dead of bob"]]
    assert listed(data_dir, f"jobs list --state queued --owner {BOB}") == []
    assert "No jobs found." in run(data_dir, "jobs list --state running").output


def test_list_is_aligned_and_escapes_control_characters(data_dir: Path, ids: dict[str, str]) -> None:
    lines = run(data_dir, "jobs list").stdout.splitlines()
    assert lines[0].split() == ["ID", "STATE", "OWNER", "VIDEO", "TRIES", "CREATED", "(UTC)", "ERROR"]
    before_tries = [re.split(r"TRIES|\d/\d", line)[0] for line in lines]
    assert len({cell_len(text) for text in before_tries}) == 1  # a wide character takes two columns
    assert "\x1b" not in "".join(lines)
    assert "conversion-crashed" in lines[-1]
    more = run(data_dir, "jobs list --limit 2")
    assert (len(more.stdout.splitlines()), "newest 2" in more.stderr) == (3, True)


def test_job_is_shown_with_its_history(data_dir: Path, ids: dict[str, str]) -> None:
    for words in ("jobs show", "dead show"):
        shown = run(data_dir, f"{words} {ids['dead']}").stdout
        assert ADA in shown
        assert '{"fps":5.0}' in shown
        assert "attempt 1: The conversion stopped unexpectedly (a test). (conversion-crashed)" in shown
        [document] = json.loads(run(data_dir, f"{words} {ids['dead']} --json").stdout)["errors"]
        assert (document["code"], document["attempt"]) == ("conversion-crashed", 1)


def test_job_of_any_owner_is_cancelled_and_retried(data_dir: Path, ids: dict[str, str]) -> None:
    assert "cancelled" in run(data_dir, f"jobs cancel {ids['queued']}").stdout
    assert state_of(data_dir, ids["queued"]) == "cancelled"
    assert "queued again" in run(data_dir, f"jobs retry {ids['queued']}").stdout
    assert state_of(data_dir, ids["queued"]) == "queued"


def test_dead_letters_are_listed(data_dir: Path, ids: dict[str, str]) -> None:
    assert listed(data_dir, "dead list") == [ids["dead of bob"], ids["dead"]]
    assert listed(data_dir, f"dead list --owner {ADA}") == [ids["dead"]]
    run(data_dir, "dead purge --yes")
    assert "No dead letters found." in run(data_dir, "dead list").output


def test_dead_letters_are_requeued_singly_and_all_at_once(data_dir: Path, ids: dict[str, str]) -> None:
    run(data_dir, f"dead requeue {ids['dead']}")
    assert state_of(data_dir, ids["dead"]) == "queued"
    assert "1 dead letter queued again." in run(data_dir, "dead requeue --all").stdout
    assert listed(data_dir, "dead list") == []


def test_dead_letter_without_its_video_is_skipped_and_reported(data_dir: Path, ids: dict[str, str]) -> None:
    with administering(data_dir):
        sources.delete_source(*owner_and_source(ids["dead"]))
    result = run(data_dir, "dead requeue --all")
    assert ("1 dead letter queued again." in result.stdout, "1 dead letter left:" in result.stderr) == (
        True,
        True,
    )


def owner_and_source(job_id: str) -> tuple[str, str]:
    job = JobDocument.objects.get(id=job_id)
    return job.owner, job.source


def test_purge_asks_for_confirmation(data_dir: Path, ids: dict[str, str]) -> None:
    declined = run(data_dir, "dead purge", stdin="n\n", code=1)
    assert "Delete all dead letters permanently?" in declined.output
    run(data_dir, "dead purge", code=1)  # no answer on stdin
    assert len(listed(data_dir, "dead list")) == 2
    run(data_dir, f"dead purge {ids['dead']}", stdin="y\n")
    assert listed(data_dir, "dead list") == [ids["dead of bob"]]
    assert "0 dead letters deleted." in run(data_dir, "dead purge --older-than-days 1 --yes").stdout
    assert "1 dead letter deleted." in run(data_dir, "dead purge --yes").stdout


def test_queue_is_paused_shown_and_resumed(data_dir: Path, ids: dict[str, str]) -> None:
    assert "paused; 0 running, 1 waiting" in run(data_dir, "queue pause").stdout
    assert re.search(r"state +paused since \d{4}-\d\d-\d\d", run(data_dir, "queue show").stdout)
    document = json.loads(run(data_dir, "queue show --json").stdout)
    assert (document["queued"], document["dead"], document["paused_at"] is None) == (1, 2, False)
    run(data_dir, "queue resume")
    shown = dict(re.split(" {2,}", line) for line in run(data_dir, "queue show").stdout.splitlines())
    assert (shown["state"], shown["jobs waiting"], shown["jobs failed for good"]) == ("running", "1", "2")
    assert not any("_" in label for label in shown)


@pytest.mark.parametrize(
    "words",
    [
        "dead requeue",
        "dead requeue x --all",
        "dead purge x --older-than-days 3",
        "dead purge --older-than-days nan",
        "jobs list --state done",
        "jobs list --limit 0",
        "jobs show",
    ],
)
def test_wrong_usage_exits_with_2(tmp_path: Path, words: str) -> None:
    run(tmp_path, words, code=2)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("jobs show x", "There is no such job."),
        ("jobs cancel x", "There is no such job."),
        ("dead show {queued}", "There is no such dead letter."),
        ("dead requeue {queued}", "There is no such dead letter."),
        ("dead purge {queued} --yes", "There is no such dead letter."),
        ("jobs retry {queued}", "The job is queued, so it cannot be retried."),
        ("jobs cancel {dead}", "The job has failed, so it cannot be cancelled."),
        ("jobs list --owner eve@example.org", "There is no such account."),
    ],
)
def test_failure_exits_with_1_and_one_sentence(
    data_dir: Path, ids: dict[str, str], capsys: pytest.CaptureFixture[str], words: str, message: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words.format(**ids).split(), "--data-dir", str(data_dir)])
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"gifapp: {message}\n"
