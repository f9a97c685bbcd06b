"""The image function in Docker, as SAM builds and runs it, against an AWS that is a container beside it."""
