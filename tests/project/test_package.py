"""The public names of `import gifapp`."""

import subprocess
import sys

import gifapp


def test_public_names_are_listed_and_exist() -> None:
    assert dir(gifapp) == sorted(gifapp.__all__)
    assert all(getattr(gifapp, name) is not None for name in gifapp.__all__)


def test_errors_need_no_separate_import() -> None:
    code = "import gifapp; print(gifapp.errors.GifappError.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "GifappError\n"
