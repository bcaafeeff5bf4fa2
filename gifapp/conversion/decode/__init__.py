"""From a source to upright frames at their times, by ffmpeg."""
