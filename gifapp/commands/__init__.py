"""The command line's groups: each builds what it needs from the settings and hands it down."""
