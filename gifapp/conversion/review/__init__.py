"""What a finished file shows: its frames and colours, and how it compares with others."""
