"""The encoder's version; known without loading the encoder."""

ENGINE_VERSION = "6"
