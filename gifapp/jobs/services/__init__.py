"""What owners and administrators can do with jobs, sources, uploads and shares."""
