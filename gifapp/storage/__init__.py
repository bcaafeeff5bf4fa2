"""Where videos and GIFs are kept: a workspace on this machine's disk, and a shelf that machines share."""
