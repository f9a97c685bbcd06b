"""The images in Docker, run as SAM and as Batch run them, against an AWS that is a container beside them."""
