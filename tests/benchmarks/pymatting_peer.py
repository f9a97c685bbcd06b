"""A function of pymatting's, by its own Python: `python pymatting_peer.py FUNCTION SOURCE TARGET`.

The function takes `image`, H x W x 3, and `alpha`, H x W, of SOURCE, an .npz, all in [0, 1]. TARGET is an .npy.
"""

import sys

import numpy as np
import pymatting


def main(function: str, source: str, target: str) -> None:
    given = np.load(source)
    made = getattr(pymatting, function)(given["image"].astype(np.float64), given["alpha"].astype(np.float64))
    np.save(target, made.astype(np.float32))


if __name__ == "__main__":
    main(*sys.argv[1:])
