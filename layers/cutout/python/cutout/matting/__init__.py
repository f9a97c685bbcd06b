"""From a saliency map to a cutout: the alpha matte, the foreground's own colour, and what goes behind it.

`arrays` gives the shapes.
"""
