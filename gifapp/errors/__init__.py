"""Every error gifapp raises.

::

    GifappError
    ├── BadInput            the request is wrong: a 4xx or a failed job; retrying won't help
    │   ├── RecipeInvalid
    │   └── SourceRefused   the file is wrong
    ├── AccessDenied        not signed in, or not permitted
    ├── NotFound
    ├── Conflict            clashes with the current state
    ├── LimitReached        too much, or too often
    ├── Cancelled           somebody cancelled it
    ├── Transient           may succeed on another attempt
    └── SetupError          the machine or the settings are wrong; for the operator

An error carries facts (`errors.SourceTooLong(duration_s=312.4, limit_s=60)`); its class carries the
sentence. `code` identifies it for programs and never changes; `str(error)` tells a user what happened
and what to do.
"""

from gifapp.errors.bad_input import *  # noqa: F403  these modules define only public names
from gifapp.errors.denials_and_limits import *  # noqa: F403
from gifapp.errors.failures import *  # noqa: F403
from gifapp.errors.root import GifappError as GifappError
