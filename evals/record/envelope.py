"""What readers of a record rely on: the types of the run spec and of the keys around an event's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

MAX_NUMBER = 1 << 53
"Event ids and repeats are counts. A larger number comes from damage, and would overflow in an array."


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -1 <= value <= MAX_NUMBER


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_NUMBER


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


_Test = Callable[[Any], bool]

_TEXT_OR_NONE = (str, type(None))
_MAPPING_OR_NONE = (dict, type(None), Mapping)

_SPEC: Mapping[str, tuple[_Test, str]] = {
    "completion_fns": (_are_texts, "a list of names"),
    "eval_name": (_is_text, "a text"),
    "base_eval": (_is_text, "a text"),
    "split": (_is_text, "a text"),
    "created_at": (_is_text, "a text"),
    "run_id": (_is_text, "a text"),
    "run_config": (_is_mapping, "an object"),
    "run_config.data_sha256": (_is_text, "a text"),
    "run_config.eval_spec": (_is_mapping, "an object"),
    "run_config.eval_spec.args": (_is_mapping, "an object"),
    "run_config.fingerprint": (_is_mapping, "an object"),
    "run_config.fingerprint.class": (_is_text, "a text"),
    "run_config.fingerprint.completion_args": (_is_mapping, "an object"),
    "run_config.fingerprint.completion_fns": (_is_mapping, "an object"),
    "run_config.fingerprint.eval_args": (_is_mapping, "an object"),
    "run_config.fingerprint.overrides": (_is_mapping, "an object"),
    "run_config.fingerprint.scorer": (_is_mapping, "an object"),
    "run_config.first_prompt_sha256": (_is_text, "a text"),
    "run_config.max_samples": (_is_whole, "a whole number"),
    "run_config.n_samples": (_is_whole, "a whole number"),
    "run_config.registry_commit": (_is_text, "a text"),
    "run_config.repeats": (_is_whole, "a whole number"),
    "run_config.seed": (_is_whole, "a whole number"),
    "run_config.versions": (_is_mapping, "an object"),
}
"Keys of the run spec that may be missing or null, but not of another type; outer ones first."


def is_event(line: Mapping[str, Any]) -> bool:
    """Whether a parsed line is an event that readers can use: its envelope has the types that it is written with.

    The data of an event is free.
    """
    # Written out: a loop over the keys takes a third of the time of reading a record.
    get = line.get
    event_id, repeat = get("event_id"), get("repeat")
    return (
        isinstance(get("type"), str)
        and isinstance(get("run_id"), _TEXT_OR_NONE)
        and isinstance(get("sample_id"), _TEXT_OR_NONE)
        and isinstance(get("created_by"), _TEXT_OR_NONE)
        and isinstance(get("created_at"), _TEXT_OR_NONE)
        and (event_id is None or _is_count(event_id))
        and (repeat is None or _is_count(repeat))
        and isinstance(get("labels"), _MAPPING_OR_NONE)
    )


def problem_of_spec(spec: Mapping[str, Any]) -> str | None:
    """What is wrong with a run spec, as `'run_config.seed' is "x", not a whole number`; None if nothing is."""
    for path, (test, needed) in _SPEC.items():
        value = _at(spec, path)
        if value is not None and not test(value):
            return f"{path!r} is {str(value)[:40]!r}, not {needed}"
    return None


def _at(spec: Any, path: str) -> Any:
    for key in path.split("."):
        spec = spec.get(key) if isinstance(spec, Mapping) else None
    return spec


def fix_of_first_line(raw: bytes) -> str:
    """What to do about a file whose first line is none of a record."""
    if raw.startswith(b"\xef\xbb\xbf"):
        return "an editor has put a byte order mark before its first line: save it as UTF-8 without BOM"
    return 'a record\'s first line is {"spec": {...}}'
