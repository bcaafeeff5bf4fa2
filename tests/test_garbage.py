import subprocess
import sys


def test_command_collects_garbage_rarely_and_not_at_exit() -> None:
    seen_at_exit = "print(gc.get_threshold()[0] > usual, gc.get_freeze_count() > 0)"
    code = (
        "import atexit, gc; usual = gc.get_threshold()[0]; "
        f"atexit.register(lambda: {seen_at_exit}); "
        "from gifapp.__main__ import main; main(['--version'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True True"
