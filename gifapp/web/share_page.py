"""The public page of a shared GIF: no script, no cookie, nothing from other hosts."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from typing import Self

from gifapp.domain.wording import size
from gifapp.jobs.services.sharing import SharedGif

_STYLE = """
:root { color-scheme: light dark; --page: #f6f6f8; --text: #1d1d22; --quiet: #5c5c66; --link: #3d4ed8; }
@media (prefers-color-scheme: dark) {
  :root { --page: #17171b; --text: #ececf1; --quiet: #a2a2ae; --link: #9aa6ff; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--page); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
figure { margin: 0; max-width: 100%; text-align: center; }
img, video { display: block; margin: 0 auto .75rem; max-width: 100%; max-height: calc(100vh - 6rem);
  height: auto; object-fit: contain; border-radius: 8px; }
figcaption { color: var(--quiet); overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 1rem; color: var(--text); }
a { color: var(--link); display: inline-block; padding: .5rem; }
""".strip()
_HASH = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

POLICY = (
    f"default-src 'none'; img-src 'self'; media-src 'self'; style-src 'sha256-{_HASH}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors *"
)


@dataclass(frozen=True)
class SharedGifPage:
    """The contents of the page: absolute URLs and plain text, not yet escaped."""

    name: str
    kind: str
    page_url: str
    file_url: str
    width_px: int
    height_px: int
    bytes: int

    @classmethod
    def of(cls, shared: SharedGif, page_url: str, file_url: str) -> Self:
        file, across, down = shared.file, shared.width_px, shared.height_px
        return cls(file.file_name, file.content_type, page_url, file_url, across, down, file.bytes)

    @property
    def is_video(self) -> bool:
        return self.kind.startswith("video/")

    @property
    def path(self) -> str:
        """The file's URL relative to the page, which works whatever URL the page was reached by."""
        return self.page_url.rpartition("/")[2] + "/" + self.file_url.rpartition("/")[2]


def page(content: SharedGifPage) -> str:
    """The page of a valid link."""
    facts = f"{content.width_px} × {content.height_px} · {size(content.bytes)}"  # noqa: RUF001
    caption = f"<h1>{escape(content.name)}</h1>{facts}"
    link = f'<br><a href="{escape(content.path)}?download=1">Download</a>'
    body = f"<figure>{_picture(content)}<figcaption>{caption}{link}</figcaption></figure>"
    return _document(content.name, _cards(content), body)


def not_found_page() -> str:
    """The page of every invalid link, whatever the reason."""
    text = "It may have expired or been revoked."
    return _document("Link not found", "", f"<main><h1>Link not found</h1><p>{text}</p></main>")


def _document(title: str, head: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title>{head}<style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def _picture(content: SharedGifPage) -> str:
    look = f'src="{escape(content.path)}" width="{content.width_px}" height="{content.height_px}"'
    if content.is_video:
        label = escape(f"The video {content.name}")
        return f'<video {look} autoplay loop muted playsinline controls aria-label="{label}"></video>'
    return f'<img {look} alt="{escape(f"The animation {content.name}")}">'


def _cards(content: SharedGifPage) -> str:
    """The meta tags from which other sites build a preview card."""
    medium = "og:video" if content.is_video else "og:image"
    properties = {
        "og:type": "video.other" if content.is_video else "website",
        "og:title": content.name,
        "og:url": content.page_url,
        medium: content.file_url,
        f"{medium}:type": content.kind,
        f"{medium}:width": str(content.width_px),
        f"{medium}:height": str(content.height_px),
    }
    cards = {"twitter:card": "summary_large_image", "twitter:title": content.name}
    if not content.is_video:
        cards |= {"twitter:image": content.file_url}
    tags = [f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items()]
    tags += [f'<meta name="{name}" content="{escape(value)}">' for name, value in cards.items()]
    return "".join(tags)
