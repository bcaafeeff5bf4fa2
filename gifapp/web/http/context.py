"""The web tier's parts, built once; handlers use them as `self.parts`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from gifapp.domain.rates import Rates
from gifapp.identity.request_limits import RequestLimits
from gifapp.identity.service import Identity
from gifapp.jobs.attempts import estimates
from gifapp.jobs.events.stream import follow
from gifapp.jobs.parts import JobParts
from gifapp.web.http.fair_pool import FairPool
from gifapp.web.http.hub import EventHub
from gifapp.web.http.in_flight import InFlightRequests
from gifapp.web.http.instruments import Instruments
from gifapp.web.http.share_links import ShareLinks
from gifapp.web.http.signing import MediaSigner

_THREADS = 16

# each work of these pools is a process of its own, and one of their slots is kept for whoever has none
_PROBES = functools.partial(FairPool, "probe", slots=3, most_waiting=32)
_FRAMES = functools.partial(FairPool, "frame", slots=3, most_waiting=8)
_ESTIMATES = functools.partial(FairPool, "estimate", slots=estimates.AT_ONCE, most_waiting=8)


@dataclass(frozen=True)
class Parts:
    """The parts of one web process.

    Attributes:
        services: sources, jobs and all that is done with them.
        threads: for everything that blocks for a moment.
        probes: for looking into uploads, which takes seconds.
        frames: for pictures out of videos, a fraction of a second each.
        estimates: for what GIFs would weigh, about a second each.
        closing: what removes uploads that were given up.
        answering: which requests are on their way, websockets left out.
        instruments: what this web tier counts for itself.
        session_check_s: how often an open event stream asks whether its session still lives.
        upload_stall_s: how long an upload is held for a client that sends next to nothing.
    """

    services: JobParts
    identity: Identity
    hub: EventHub
    media: MediaSigner
    share_links: ShareLinks
    request_limits: RequestLimits
    cookie_secure: bool
    cors_origins: Collection[str]
    session_check_s: float = 20.0
    upload_stall_s: float = 30.0
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_THREADS, "web"))
    probes: FairPool = field(default_factory=_PROBES)
    frames: FairPool = field(default_factory=_FRAMES)
    estimates: FairPool = field(default_factory=_ESTIMATES)
    closing: set[asyncio.Task[None]] = field(default_factory=set)
    answering: InFlightRequests = field(default_factory=InFlightRequests)
    instruments: Instruments = field(default_factory=Instruments)


def build_parts(
    jobs: JobParts,
    identity: Identity,
    *,
    secret: bytes,
    redis_url: str,
    public_url: str | None = None,
    cors_origins: Collection[str] = (),
    rates: Rates | None = None,
    scrape_token: bytes | None = None,
) -> Parts:
    """The parts of a web tier that people reach at `public_url`; cookies are secure when that is https.

    `cors_origins`: the other sites whose pages may use the API, as `https://host`; `scrape_token`: what
    Prometheus shows to read `/metrics`.
    """
    return Parts(
        services=jobs,
        identity=identity,
        hub=EventHub(functools.partial(follow, redis_url)),
        media=MediaSigner(secret),
        share_links=ShareLinks(secret, public_url),
        request_limits=RequestLimits(redis_url, rates or Rates()),
        cookie_secure=(public_url or "").startswith("https:"),
        cors_origins=frozenset(cors_origins),
        instruments=Instruments(scrape_token=scrape_token),
    )
