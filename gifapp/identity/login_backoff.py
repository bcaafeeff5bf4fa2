"""Exponential back-off for sign-ins: each wrong password makes the account's next attempt wait longer.

Networks from which the account has signed in before are counted separately, so a stranger who guesses
passwords cannot lock out the owner.
"""

from __future__ import annotations

import math
from typing import cast

import redis

FREE_FAILURES = 5
MAX_WAIT_S = 300
_FORGET_S = 3600
_KNOWN_S = 90 * 24 * 3600

# a script, so that concurrent attempts are counted one after another
_BEGIN = """
local known = redis.call('EXISTS', KEYS[1])
local who = known == 1 and KEYS[1] or KEYS[2]
local wait = redis.call('PTTL', who .. ':wait')
if wait > 0 then return {known, wait} end
local failures = redis.call('INCR', who .. ':failures')
redis.call('EXPIRE', who .. ':failures', ARGV[1])
local over = failures - tonumber(ARGV[2])
if over >= 0 then
  redis.call('SET', who .. ':wait', 1, 'EX', math.min(2 ^ math.min(over, 20), tonumber(ARGV[3])))
end
return {known, 0}
"""


class LoginBackoff:
    """Counts each attempt as a failure until it has succeeded."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._begin = client.register_script(_BEGIN)

    def begin(self, account: str, network: str) -> tuple[bool, int]:
        """Count an attempt; returns whether the network is known, and the seconds to wait (0: none)."""
        arguments = [_FORGET_S, FREE_FAILURES, MAX_WAIT_S]
        is_known, wait_ms = cast("list[int]", self._begin(_keys(account, network), arguments))
        return bool(is_known), math.ceil(wait_ms / 1000)

    def succeeded(self, account: str, network: str) -> None:
        """Forget the failures, and remember the network."""
        of_network, of_account = _keys(account, network)
        with self._redis.pipeline(transaction=False) as pipeline:
            pipeline.delete(
                *(f"{key}:{part}" for key in (of_network, of_account) for part in ("wait", "failures"))
            )
            pipeline.set(of_network, 1, ex=_KNOWN_S)
            pipeline.execute()


def _keys(account: str, network: str) -> list[str]:
    return [f"gifapp:sign-in:{account}:{network}", f"gifapp:sign-in:{account}"]
