"""Runs one attempt at a job: a conversion in a child process with resource limits."""
