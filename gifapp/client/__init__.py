"""The client of the HTTP API that widgets, notebooks and scripts use.

`Client(url, token).convert("clip.mp4")` uploads, converts and shows the GIF. `upload`, `wait` and `convert`
last over cut lines and restarts of the service. Every method raises the
`gifapp.errors` class that the service named, in the service's own words;
`errors.ServiceUnavailable` when it cannot be reached.
"""

from gifapp.client.client import Client
from gifapp.client.served import ServedGif

__all__ = ["Client", "ServedGif"]
