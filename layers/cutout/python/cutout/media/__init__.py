"""Photos and videos in and out: files on one side, arrays on the other."""
