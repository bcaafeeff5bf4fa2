"""Controls that ipywidgets lacks."""
