"""Previews of a recipe, made at once and not kept: short loops of its GIF, and its layers."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from gifapp import errors
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.parts import MAX_TIME_S
from gifapp.domain.recipes.recipe import Recipe
from gifapp.domain.views.layers import LayersView
from gifapp.web.handlers.jobs import RECIPE_BODY_BYTES, RECIPE_ERRORS
from gifapp.web.handlers.media import MediaHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import GivenRecipe, Payload


class RecipeRequest(Payload):
    recipe: GivenRecipe = Recipe()


class PreviewRequest(RecipeRequest):
    at_s: Annotated[
        float | None,
        Field(
            ge=0, le=MAX_TIME_S, description="The time in the source. Default: the middle of the first range."
        ),
    ] = None


class RecipeHandler(MediaHandler):
    """Takes a recipe for one of an owner's sources."""

    max_body_bytes = RECIPE_BODY_BYTES

    async def identify(self) -> str:
        self._owner_id = await self.owner_id(self.path_args[0])
        return self._owner_id


class PreviewHandler(RecipeHandler):
    signed_kind = "previews"

    @operation(
        "Make a loop of up to 1.5 s that shows what a recipe makes",
        need="read",
        produces=[kind.content_type for kind in FILE_KINDS.values()],
        response_headers=["Preview-Range"],
        raises=[*RECIPE_ERRORS, errors.NotFound, errors.TargetTooSmall],
    )
    async def post(self, source_id: str, body: PreviewRequest) -> None:
        owner_id = self._owner_id
        make = partial(self.parts.services.previewing.preview, owner_id, source_id, body.recipe, body.at_s)
        preview, shown = await self.run_in_turn(self.parts.quick, owner_id, make)
        self.hold(len(preview.data))
        self.set_header("Content-Type", FILE_KINDS[body.recipe.format].content_type)
        self.set_header("Preview-Range", f"{shown.start_s:.3f}-{shown.end_s:.3f}" if shown else "")
        self.write(preview.data)


class LayersHandler(RecipeHandler):
    signed_kind = "layers"

    @operation(
        "Draw the captions, subtitles and overlay of a recipe",
        need="read",
        raises=[*RECIPE_ERRORS, errors.NotFound],
    )
    async def post(self, source_id: str, body: RecipeRequest) -> LayersView:
        draw = partial(self.parts.services.layering.layers, self._owner_id, source_id, body.recipe)
        return await self.run_in_turn(self.parts.quick, self._owner_id, draw)
