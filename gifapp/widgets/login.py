"""The sign-in form for notebooks; the server has its own sign-in page."""

from __future__ import annotations

from typing import ClassVar

import anywidget
import ipywidgets as w
import traitlets
from pydantic import BaseModel, ConfigDict, Field

from gifapp import errors
from gifapp.client import Client
from gifapp.widgets.assets import script, style
from gifapp.widgets.dashboard.dashboard import Dashboard
from gifapp.widgets.messages import receives

LOCAL_URL = "http://127.0.0.1:8866"


class LoginForm(anywidget.AnyWidget):
    """Asks for an email address and a password, which arrive as a message and are not stored."""

    _esm: ClassVar = script("login")
    _css: ClassVar = style("common", "login")

    url = traitlets.Unicode().tag(sync=True)


class Typed(BaseModel):
    model_config = ConfigDict(strict=True)

    email: str = Field(max_length=1000)
    password: str = Field(max_length=1000)


class Login(w.VBox):
    """Signs in to a service, then shows its dashboard.

    ::

        gifapp.Login("http://127.0.0.1:8866")

    The password is sent from the form through this kernel to the service; it is never stored in the
    notebook or in a trait.
    """

    client: Client | None = None
    """The client of the account that signed in."""

    def __init__(self, url: str = LOCAL_URL) -> None:
        self._url = url
        self.form = LoginForm(url=url)
        super().__init__([self.form])
        self.form.on_msg(self._receive)

    @receives(Typed)
    def _receive(self, message: Typed) -> None:
        try:
            self.client = Client.sign_in(self._url, message.email, message.password)
        except errors.GifappError as error:
            self.form.send({"type": "refused", "detail": str(error)})
        else:
            self.children = [Dashboard(self.client)]
