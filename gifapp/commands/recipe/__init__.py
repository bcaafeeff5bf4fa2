"""The recipe on the command line: its options, their values, and the recipe that they make."""
