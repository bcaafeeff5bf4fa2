"""The client of the HTTP API that widgets, notebooks and scripts use.

`Client(url, token).convert("clip.mp4")` uploads a video, converts it and shows the GIF. `upload`, `wait` and
`convert` survive lost connections and restarts of the service. `AsyncClient` has the same methods as
coroutines. Every method raises the `gifapp.errors` class that the service reports, with the service's
message, or `errors.ServiceUnavailable` if it cannot be reached.
"""

from gifapp.client.async_client import AsyncClient
from gifapp.client.client import Client
from gifapp.client.served import ServedGif

__all__ = ["AsyncClient", "Client", "ServedGif"]
