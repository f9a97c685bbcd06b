"""Videos: files to frames and sound, and back. PyAV, which is FFmpeg, does the codecs and containers."""
