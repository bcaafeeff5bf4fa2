"""The shared parts of a web process, built once; handlers use them as `self.parts`."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from gifapp.domain.rates import Rates
from gifapp.identity.request_limits import RequestLimits
from gifapp.identity.service import Identity
from gifapp.jobs.attempts import quick
from gifapp.jobs.events.stream import follow
from gifapp.jobs.parts import JobParts
from gifapp.web.http.fetching import LinkFetcher
from gifapp.web.http.hub import EventHub
from gifapp.web.http.instruments import Instruments
from gifapp.web.http.readiness import Readiness
from gifapp.web.http.share_links import ShareLinks
from gifapp.web.http.signing import MediaSigner
from gifapp.web.traffic.at_once import AtOnce
from gifapp.web.traffic.fair_pool import FairPool
from gifapp.web.traffic.in_flight import InFlightRequests
from gifapp.web.traffic.memory import MemoryBudget

_UPLOAD_WRITERS = 16

# more would compete with the event loop for the GIL
_CALLS = functools.partial(FairPool, "call", slots=4, max_waiting=1000)
# bcrypt takes a quarter of a second of CPU time
_PASSWORDS = functools.partial(FairPool, "password", slots=2, max_waiting=32)
# each task of these pools starts a process; one slot of each is reserved for users with none running
_PROBES = functools.partial(FairPool, "probe", slots=3, max_waiting=32)
_FRAMES = functools.partial(FairPool, "frame", slots=3, max_waiting=8)
_PROXIES = functools.partial(FairPool, "proxy", slots=2, max_waiting=4)
# an export takes disk space until its client has read it
_EXPORTS = functools.partial(AtOnce, 4)
_QUICK = functools.partial(FairPool, "quick", slots=quick.AT_ONCE, max_waiting=8)


@dataclass(frozen=True)
class Parts:
    """The parts of one web process.

    Attributes:
        services: the services for sources, jobs and administration.
        short_call_pool: for short blocking calls.
        passwords: for hashing passwords.
        upload_writers: the threads that write uploads.
        memory: the memory that bodies and responses take.
        probes: for probing uploads and making filmstrips, which take seconds.
        frames: for extracting frames, a fraction of a second each.
        proxies: for proxies, up to a minute or two each; only one is made at a time.
        quick: for estimates, previews and layers, about a second each.
        exports: the exports of frames that are being made or sent.
        cleanup_tasks: clean up abandoned uploads.
        in_flight: the requests in flight, without websockets.
        instruments: the metrics of this process.
        session_check_s: how often an open event stream checks that its session is still valid.
        upload_stall_s: how long an upload may send almost nothing before it is disconnected.
        link_fetcher: fetches videos from links; None: nobody may.
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
    link_fetcher: LinkFetcher | None = None
    short_call_pool: FairPool = field(default_factory=_CALLS)
    passwords: FairPool = field(default_factory=_PASSWORDS)
    upload_writers: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_UPLOAD_WRITERS, "write")
    )
    memory: MemoryBudget = field(default_factory=MemoryBudget)
    probes: FairPool = field(default_factory=_PROBES)
    frames: FairPool = field(default_factory=_FRAMES)
    proxies: FairPool = field(default_factory=_PROXIES)
    quick: FairPool = field(default_factory=_QUICK)
    exports: AtOnce = field(default_factory=_EXPORTS)
    cleanup_tasks: set[asyncio.Task[None]] = field(default_factory=set)
    in_flight: InFlightRequests = field(default_factory=InFlightRequests)
    instruments: Instruments = field(default_factory=Instruments)

    @functools.cached_property
    def readiness(self) -> Readiness:
        """The state of the servers that we depend on."""
        return Readiness(self.services.checks, self.short_call_pool)


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
    fetches_links: bool = False,
) -> Parts:
    """Build the parts of a web process that users reach at `public_url`; with https, cookies are secure.

    `cors_origins`: the other sites whose pages may use the API, as `https://host`; `scrape_token`: the
    token with which Prometheus reads `/metrics`; `fetches_links`: whether users may fetch videos from links.
    """
    media = MediaSigner(secret)
    return Parts(
        services=jobs,
        identity=identity,
        hub=EventHub(functools.partial(follow, redis_url), sign=media.event),
        media=media,
        share_links=ShareLinks(secret, public_url),
        request_limits=RequestLimits(redis_url, rates or Rates()),
        cookie_secure=(public_url or "").startswith("https:"),
        cors_origins=frozenset(cors_origins),
        instruments=Instruments(scrape_token=scrape_token),
        link_fetcher=LinkFetcher() if fetches_links else None,
    )
