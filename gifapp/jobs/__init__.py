"""Durable work: the job document is the truth, a Huey message only a wake-up."""
