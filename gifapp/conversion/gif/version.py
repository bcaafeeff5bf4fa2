"""The encoder's version, in its own module so that reading it does not load the encoder."""

ENGINE_VERSION = "13"
