"""Removes passwords, tokens and other secrets from text that is logged or shown."""

from __future__ import annotations

import re

# a URL may percent-encode any letter of a name: %74oken
_NAMES_IN_ADDRESSES = (
    r"[\w.-]*?(?:token|secret|passw|signature|credential|session|xsrf|invite|setup|reset|key|%)"
)
_HEADERS = r"\b(?:set-cookie|cookie|authorization|x-xsrftoken|referer)\b(?:['\"] ?[:,]| ?[:=]) ?b?['\"]?"
_SECRETS_IN_TEXT = [
    (re.compile(r"(://[^:/@\s]*:)[^@/\s]+@"), r"\1…@"),  # redis://:password@host
    (re.compile(rf"({_HEADERS})[^\r\n\"']+", re.IGNORECASE), r"\1…"),
    (re.compile(rf"([?&;](?={_NAMES_IN_ADDRESSES})[\w.%-]+=)[^&\s\"']+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(\b(?:gifapp_session|_xsrf)=)[^\s;,\"']+"), r"\1…"),
    (re.compile(r"(Bearer(?: |%20)+)[^\s\"']+", re.IGNORECASE), r"\1…"),
    (re.compile(r"(gifapp_)[\w-]{40,}"), r"\1…"),  # an API token
    (re.compile(r"(/s/)[^\s/?#\"']{20,}", re.IGNORECASE), r"\1…"),  # a public link
    # anything else as long and as mixed as a token, perhaps percent-encoded in part
    (re.compile(r"(?<![\w%~-])(?=[\w%~-]*[A-Z%])(?=[\w%~-]*[a-z%])[\w%~-]{40,}"), "…"),
]


def redact(text: str) -> str:
    """`text` without passwords in URLs, secrets in addresses and headers, tokens and public links."""
    for pattern, replacement in _SECRETS_IN_TEXT:
        text = pattern.sub(replacement, text)
    return text
