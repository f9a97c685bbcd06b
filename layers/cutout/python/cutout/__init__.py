"""Background removal with U-2-Net, faithful to the pixel.

The library behind the `cutout` command line, the image function and the video job.
`pipeline` is the place to start reading.
"""
