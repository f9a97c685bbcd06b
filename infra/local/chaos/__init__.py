"""Everything that can go wrong around the service, made to happen on the embedded AWS, and what must hold all the same.

`make chaos` runs it. The order of what is drawn is fixed by a seed; threads and processes meet as they like.
"""
