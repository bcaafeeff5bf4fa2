"""The recipe form, in groups."""

from gifapp.widgets.form.form import RecipeForm

__all__ = ["RecipeForm"]
