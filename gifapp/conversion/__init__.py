"""A video and a recipe in, a GIF out. Has never heard of jobs."""
