"""Sources that Python passes in: frames, bytes, clips and animations become a file."""
