"""Words and pictures on the picture: read, set in lines, drawn and blended in."""
