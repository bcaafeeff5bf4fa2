"""What removes lost, orphaned and expired data."""
