"""Encodes WebP, APNG and MP4 with ffmpeg."""
