"""What a process of the service loads at its start; each module costs CPU time and memory."""

import subprocess
import sys

import pytest

NEEDLESS = ("numpy", "av", "moviepy", "tornado", "jwt", "zxcvbn", "email_validator", "limits")


@pytest.mark.parametrize("module", ["gifapp.jobs.worker", "gifapp.jobs.supervisor"])
def test_worker_loads_nothing_for_pictures_and_accounts(module: str) -> None:
    code = (
        f"import sys, gifapp.commands.workers, gifapp.commands.parts, {module}; "
        f"loaded = sys.modules.keys() & {set(NEEDLESS)}; assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
