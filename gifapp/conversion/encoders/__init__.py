"""WebP, APNG and MP4, encoded by ffmpeg."""
