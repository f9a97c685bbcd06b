"""The product of two float32 matrices as a worker: `python -m tests.benchmarks.photo_peer.gemm_worker`.

It is numpy's, which is OpenBLAS's: the rate that a net's arithmetic is held against. It takes turns with the nets,
since what else runs on a machine changes from second to second.
"""

import json
import sys
from time import perf_counter

import numpy as np

SIDE = 4096
"""Then a product has about as many operations as u2net has."""


def main() -> None:
    one, other = np.random.default_rng(0).random((2, SIDE, SIDE), np.float32)
    for _ in sys.stdin:
        begin = perf_counter()
        one @ other
        print(json.dumps({"seconds": perf_counter() - begin, "operations": 2 * SIDE**3}), flush=True)


if __name__ == "__main__":
    main()
