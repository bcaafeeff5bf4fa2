"""The domain: recipes, timing, jobs and limits. Pure: no I/O."""
