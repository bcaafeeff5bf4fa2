"""The examples of property tests: few and fixed in a normal run, many and random in the deep profile."""

import os

from hypothesis import HealthCheck, Phase, settings

IS_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
TIMES_AS_DEEP = 60


def examples(count: int) -> settings:
    """`count` examples, always the same; in the deep profile many times as many, and random."""
    shrinking = [Phase.shrink] if IS_DEEP else []  # takes minutes where each example is a conversion
    return settings(
        max_examples=count * TIMES_AS_DEEP if IS_DEEP else count,
        derandomize=not IS_DEEP,
        deadline=None,
        phases=[Phase.explicit, Phase.generate, *shrinking],
        suppress_health_check=[HealthCheck.too_slow],
    )
