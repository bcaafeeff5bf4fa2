"""The command groups of the command line; each builds the parts it needs from the settings."""
