"""Pictures, animated or still, as browsers show them."""

from PIL import Image

Image.MAX_IMAGE_PIXELS = None  # our own limit is checked before a picture is decoded
