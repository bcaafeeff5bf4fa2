"""docs/limits.md states the limits that the code has."""

import re
from typing import get_args

import pytest

from gifapp.conversion import plan, proxy
from gifapp.conversion.images.sequence import MAX_PICTURE_BYTES
from gifapp.conversion.playable import MAX_PROXY_S
from gifapp.conversion.text import captions
from gifapp.domain.limits import Limits
from gifapp.domain.rates import Rates, RequestKind
from gifapp.domain.recipes.preview import MAX_PREVIEW_S
from gifapp.domain.recipes.saved import MAX_BYTES, MAX_NAME_CHARACTERS
from gifapp.domain.wording import size
from gifapp.identity import circuit, login_backoff
from gifapp.jobs.db import saved_recipes
from gifapp.jobs.services import previewing, uploads
from gifapp.web.handlers import fetching as fetching_handler
from gifapp.web.http import context, fetching, server
from gifapp.web.traffic import connections, memory, openings, stalled_clients
from tests.project.test_docs import DOCS

TEXT = (DOCS / "limits.md").read_text()
ROWS = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in re.findall(r"(?m)^\|.*", TEXT)]
MILLION, MIB, KIB = 1_000_000, 1024**2, 1024

POOLS = {
    "probing uploads": context._PROBES,
    "extracting frames": context._FRAMES,
    "estimates, previews": context._QUICK,
    "hashing passwords": context._PASSWORDS,
}
SENTENCES = f"""
{fetching._MAX_REDIRECTS} redirects and half an hour
{saved_recipes.MAX_PER_OWNER} per user, {size(MAX_BYTES)} each
names of up to {MAX_NAME_CHARACTERS} characters; up to {saved_recipes.MAX_SHARED} of others' shared ones
A preview has at most {previewing._MAX_PX // MILLION} million pixels
reads at most {previewing._MAX_DECODED_PX // MILLION} million, so it is shorter than {MAX_PREVIEW_S} s
video of up to {MAX_PROXY_S / 60:.0f} minutes and {proxy._MAX_DECODED_PX // 10**9} billion pixels
in at most {proxy.DEADLINE_S:.0f} s; it has at most {proxy.MAX_BYTES // MILLION} MB
{proxy._MAX_FRAMES:,} frames and {proxy._MAX_FPS:.0f} frames per second
one upload may use {uploads.SPARE_PARTS:,} `PATCH` requests
plus one for each {uploads.MIN_PART_BYTES} bytes
take {memory.MAX_BYTES // MIB} MiB ({memory.MAX_BYTES_BY_ADDRESS // MIB} MiB from an address
after each further one, the next must wait 1 s, 2 s, 4 s, … up to five minutes
has signed in to the account within {login_backoff._KNOWN_S // 86_400} days
times out after {circuit.PATIENCE_S * 1000:.0f} ms
the default of {connections.BY_ADDRESS} serves
up to {openings.MAX_WAITING} wait to be opened
must arrive within {server.IDLE_S:.0f} s, the body of
a request other than an upload within {server.BODY_S:.0f} s
at least {stalled_clients.MIN_BYTES // KIB} KiB every 30 s
at least {plan.MIN_FRAME_PX:,} pixels
no file may be larger than {size(MAX_PICTURE_BYTES)}
only the first {captions.MAX_CHARACTERS:,} characters
fewer than {captions.MIN_COUNTED_CHARACTERS} counts
may cover {captions.MAX_COVERED_PX / MILLION:.0f} million pixels
""".strip().splitlines()


def row(start: str) -> tuple[str, ...]:
    [found] = [cells for cells in ROWS if cells[0].startswith(start)]
    return found


@pytest.mark.parametrize("kind", get_args(RequestKind))
def test_rate_of_each_kind_is_the_documented_one(kind: str) -> None:
    assert row(f"`{kind}`")[-1].replace(",", "") + "/minute" == getattr(Rates(), kind)


@pytest.mark.parametrize("work", POOLS)
def test_work_at_once_is_the_documented_one(work: str) -> None:
    pool = POOLS[work]
    slots, waiting = pool.keywords["slots"], pool.keywords["max_waiting"]
    assert row(work)[1:] == (str(slots), str(max(1, slots - 1)), str(waiting))


@pytest.mark.parametrize("kind", ["pixels", "composed_pixels", "decoded_pixels"])
def test_pixel_limit_is_the_documented_one(kind: str) -> None:
    limit_px = getattr(Limits(), f"max_{kind}")
    assert row(f"`GIFAPP_MAX_{kind.upper()}`")[2].startswith(f"{limit_px / MILLION:,.0f} million")


@pytest.mark.parametrize("sentence", SENTENCES)
def test_other_limit_is_the_documented_one(sentence: str) -> None:
    assert sentence in " ".join(TEXT.split())


def test_limits_in_words_are_the_documented_ones() -> None:
    assert fetching_handler.DEADLINE_S == 30 * 60
    assert (login_backoff.FREE_FAILURES, login_backoff.MAX_WAIT_S, login_backoff._FORGET_S) == (5, 300, 3600)
    assert circuit.REST_S == 2
    assert context._PROXIES.keywords["max_waiting"] == int(row("proxies")[-1])
