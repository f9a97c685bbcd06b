"""Run by the function's own Python, where its handler can be imported: what its start consists of, printed as JSON.

    python -c "$(cat start_script.py)" BEGIN < PHOTO

BEGIN is when the process was asked for, in seconds since the epoch. PHOTO is a file in base64. The parts are those of a
first photo, without S3.
"""

import base64
import json
import os
import sys
import time

parts: dict[str, float] = {}
last = float(sys.argv[1])


def end(part: str) -> None:
    global last
    now = time.time()
    parts[part] = now - last
    last = now


def no_file(name: str) -> bytes:
    raise FileNotFoundError(name)


end("until Python runs")
import handler  # type: ignore[import-not-found]  # noqa: E402 - of the image, or in PYTHONPATH

end("import handler")
handler.image_function()
end("clients")

from cutout.limits import Limits  # noqa: E402
from cutout.models import Model  # noqa: E402
from cutout.options import Options  # noqa: E402
from cutout.pipeline import remove_background  # noqa: E402
from cutout.saliency import engines  # noqa: E402
from cutout.saliency.detector import Detector  # noqa: E402
from cutout.settings import weights_directory  # noqa: E402

options = Options(model=Model(os.environ.get("CUTOUT_MODEL") or Options().model))
detector = Detector(engines.load(engines.EngineName.AUTO, options.model, weights_directory(os.environ)))
end("model")
content = base64.b64decode(sys.stdin.read())
for photo in ("first photo", "second photo"):
    remove_background(content, options, detector, Limits(), no_file)
    end(photo)
print(json.dumps(parts))  # noqa: T201
