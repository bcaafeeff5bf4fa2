"""Every error gifapp raises.

::

    GifappError
    ├── BadInput            the asker's fault: a 4xx, a failed job; trying again changes nothing
    │   ├── RecipeInvalid
    │   └── SourceRefused   the file's fault
    ├── AccessDenied        who you are, or what you may
    ├── NotFound
    ├── Conflict            someone was first
    ├── LimitReached        too much, or too often
    ├── Cancelled           somebody asked for it
    ├── Transient           worth another attempt
    └── SetupError          the machine or the settings; for whoever runs the service

An error carries facts (`errors.SourceTooLong(duration_s=312.4, limit_s=60)`), its class carries the
sentence. `code` names it for programs and never changes; `str(error)` tells a person what happened
and what to do.
"""

from gifapp.errors.bad_input import *  # noqa: F403  every class of these is an error
from gifapp.errors.failures import *  # noqa: F403
from gifapp.errors.refusals import *  # noqa: F403
from gifapp.errors.root import GifappError as GifappError
