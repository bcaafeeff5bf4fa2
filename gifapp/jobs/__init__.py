"""The durable job queue: the job document is authoritative, a Huey message only a wake-up."""
