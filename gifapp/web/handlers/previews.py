"""Previews: short loops of a recipe's GIF, made at once and not kept."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field

from gifapp import errors
from gifapp.domain.recipes.output_formats import FILE_KINDS
from gifapp.domain.recipes.parts import MAX_TIME_S
from gifapp.domain.recipes.recipe import Recipe
from gifapp.web.handlers.jobs import RECIPE_BODY_BYTES, RECIPE_ERRORS
from gifapp.web.handlers.media import MediaHandler
from gifapp.web.http.operations import operation
from gifapp.web.http.payloads import GivenRecipe, Payload


class PreviewRequest(Payload):
    recipe: GivenRecipe = Recipe()
    at_s: Annotated[
        float | None,
        Field(
            ge=0, le=MAX_TIME_S, description="The time in the source. Default: the middle of the first range."
        ),
    ] = None


class PreviewHandler(MediaHandler):
    signed_kind = "previews"
    max_body_bytes = RECIPE_BODY_BYTES

    async def identify(self) -> str:
        self._owner_id = await self.owner_id(self.path_args[0])
        return self._owner_id

    @operation(
        "Make a loop of up to 1.5 s by a recipe, as it will look",
        need="read",
        produces=[kind.content_type for kind in FILE_KINDS.values()],
        raises=[*RECIPE_ERRORS, errors.NotFound, errors.TargetTooSmall],
    )
    async def post(self, source_id: str, body: PreviewRequest) -> None:
        owner_id = self._owner_id
        make = partial(self.parts.services.previewing.preview, owner_id, source_id, body.recipe, body.at_s)
        preview = await self.run_in_turn(self.parts.quick, owner_id, make)
        self.hold(len(preview.data))
        self.set_header("Content-Type", FILE_KINDS[body.recipe.format].content_type)
        self.write(preview.data)
