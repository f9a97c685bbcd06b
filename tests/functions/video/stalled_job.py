"""The video job with a pipeline that writes a little and never ends, to be stopped in a test."""

import os
import sys
from time import sleep
from typing import Any, NoReturn

from functions.video import job


def stall(*given: Any) -> NoReturn:
    source, _, _, _, targets, *_ = given
    assert source.read()
    for path in targets.values():
        path.write_bytes(b"half of it")
    job.logger.info("At work")
    while True:
        sleep(1)


if __name__ == "__main__":
    sys.exit(job.exit_status(lambda: job.run(sys.argv[1:], os.environ, stall)))
