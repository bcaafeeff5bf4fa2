"""What a recipe, a time line and a job are. Pure: no I/O."""
