"""What helps to choose a recipe: how large its GIF would be, and what platforms take."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import Field

from gifapp.domain.presets import PRESETS
from gifapp.domain.recipe import Recipe
from gifapp.identity.callers import Need
from gifapp.web.base import BaseHandler, PrivateHandler
from gifapp.web.jobs import RECIPE_BODY_BYTES
from gifapp.web.payloads import Payload


class EstimateRequest(Payload):
    source_id: str = Field(max_length=100)
    recipe: dict[str, Any] = Field(default_factory=dict)


class EstimatesHandler(PrivateHandler):
    """`POST`: about how large the GIF of one of my videos would be."""

    max_body_bytes = RECIPE_BODY_BYTES

    def need(self) -> Need:
        return "read"  # it changes nothing

    async def post(self) -> None:
        given = self.json_body(EstimateRequest)
        self.write_model(
            await self.run_blocking(
                self.parts.service.estimate, self.user.user_id, given.source_id, Recipe.parse(given.recipe)
            )
        )


class PresetsHandler(BaseHandler):
    """`GET`: the platforms that a recipe may name, and their limits."""

    async def get(self) -> None:
        self.write({"presets": [asdict(preset) for preset in PRESETS.values()]})
