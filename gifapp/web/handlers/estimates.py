"""Estimates and presets, which help to choose a recipe."""

from __future__ import annotations

from functools import partial

from pydantic import Field

from gifapp import errors
from gifapp.domain.recipes.presets import PRESETS
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.jobs import EstimateView, PresetsView
from gifapp.web.handlers.jobs import RECIPE_BODY_BYTES, RECIPE_ERRORS
from gifapp.web.http.base import BaseHandler, PrivateHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import GivenRecipe, Payload


class EstimateRequest(Payload):
    source_id: str = Field(max_length=100)
    recipe: GivenRecipe = Recipe()


class EstimatesHandler(PrivateHandler):
    max_body_bytes = RECIPE_BODY_BYTES

    @operation(
        "Estimate the size of a GIF of one of my videos",
        need="read",
        raises=[*RECIPE_ERRORS, errors.NotFound, errors.TargetTooSmall],
    )
    async def post(self, body: EstimateRequest) -> EstimateView:
        owner_id = self.user.user_id
        estimate = partial(self.parts.services.estimation.estimate, owner_id, body.source_id, body.recipe)
        return await self.run_in_turn(self.parts.quick, owner_id, estimate)


class PresetsHandler(BaseHandler):
    @operation("List the platform presets and their limits", has_etag=True)
    async def get(self) -> PresetsView:
        return PresetsView(presets=list(PRESETS.values()))
