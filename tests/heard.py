"""What a listener on the result bus makes of what it hears."""

from cutout import claim, errors
from cutout.errors import CutoutError
from cutout.events import Upload
from cutout.results import Decision, Failed, Outcome, Removed, Written
from cutout.verdict import Report, Verdict


def outcome(decision: Decision) -> Outcome:
    """The outcome that was decided on, but for the options of its upload, which are not told."""
    detail = decision.detail
    upload = Upload(**detail["upload"])
    if decision.detail_type == Failed.detail_type:
        return Failed(upload, error(detail["error"]["code"], detail["error"]["message"]))
    return Removed(
        upload,
        detail["options"],
        tuple(Written(**written) for written in detail["outputs"]),
        Verdict(**detail["verdict"]),
        detail["seconds"],
        report({**detail["report"]}) if "report" in detail else None,
    )


def report(fields: dict[str, object]) -> Report:
    return Report(**{**fields, "notes": tuple(fields["notes"])})  # type: ignore[arg-type]


def error(code: str, message: str) -> CutoutError:
    kinds = [kind for module in (errors, claim) for kind in vars(module).values() if isinstance(kind, type)]
    (kind,) = {kind for kind in kinds if issubclass(kind, CutoutError) and getattr(kind, "code", None) == code}
    made: CutoutError = kind(message)
    return made
