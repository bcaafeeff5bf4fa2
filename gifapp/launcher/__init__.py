"""Starts children within limits: a C program, compiled when gifapp is installed, and run by `program`."""
