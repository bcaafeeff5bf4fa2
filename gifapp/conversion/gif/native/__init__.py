"""The encoder's inner loops, in C: compiled when gifapp is installed, called through `library`."""
