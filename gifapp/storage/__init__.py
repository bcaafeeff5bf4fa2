"""Storage of videos and GIFs: a workspace on the local disk, and a store that all machines share."""
