"""Where videos and GIFs are kept: a workspace on this machine's disk, and a store that machines share."""
