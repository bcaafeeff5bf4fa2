"""One attempt at a job: a conversion in a limited child process."""
