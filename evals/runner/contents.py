"""What decides about a run and stands outside its arguments: files that they name, code, servers, pictures in rows."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evals.completion_fns.base_url import shown_url
from evals.datasets.locate import data_roots
from evals.errors import EvalsError
from evals.runner.recorded_fingerprint import SCORER_CODE
from evals.runner.source_digest import source_digest

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")
_LONGEST_NAME = 1000
_CHUNK_BYTES = 1 << 20


class PictureDigest:
    """Takes in rows, and tells their pictures on this machine apart by content. A row without any costs little."""

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        "Of each picture by its path."

    def add(self, row: Any) -> bool:
        """Read the pictures that a row names by path; whether it names any."""
        found: list[str] = []
        _collect_pictures(row, found)
        for name in found:
            if name not in self.digests:
                self.digests[name] = file_digest(Path(name)) or "none"
        return bool(found)

    def value(self) -> str | None:
        """16 hexadecimal digits over all pictures; None where no row names one."""
        if not self.digests:
            return None
        text = "".join(f"{name}\0{digest}\n" for name, digest in sorted(self.digests.items()))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _collect_pictures(value: Any, found: list[str]) -> None:
    """Add the texts in a row that are paths of pictures. Plain loops: this runs for every row before the first call."""
    if isinstance(value, str):
        # the search for a point is a tenth of the rest, and most texts end in a word or a question mark
        if "." in value[-5:-3] and value[-5:].lower().endswith(PICTURES) and _is_path(value):
            found.append(value.removeprefix("file:"))
    elif isinstance(value, dict):
        for part in value.values():
            _collect_pictures(part, found)
    elif isinstance(value, list):
        for part in value:
            _collect_pictures(part, found)


def _is_path(name: str) -> bool:
    return len(name) < _LONGEST_NAME and "://" not in name[:12]


def contents_of(
    eval_args: Mapping[str, Any],
    eval_class: str,
    fns: Mapping[str, Any],
    fn_specs: Mapping[str, Any],
    registry: Any,
    registry_path: Path | None,
    pictures: str | None,
) -> dict[str, str]:
    """What decides about a run beside its arguments, by a name for people; values are digests or addresses.

    `file NAME`: content of a file that the eval's argument NAME names, but for the dataset, which has a checksum of its
    own; `file MODEL NAME`: of one that the argument of a completion function names.
    `scorer code MODULE`: source of a plug-in that the eval names; `code MODULE`: of one that makes completions.
    `server MODEL`: the base URL. `pictures`: those that rows name by path.

    fns: the completion functions by name. fn_specs: the registry's specs of those that have a name.
    """
    found: dict[str, str] = {}
    roots = [*data_roots(registry_path), *registry.data_paths]
    for owner, arguments in {"": eval_args, **{f"{name} ": spec.args or {} for name, spec in fn_specs.items()}}.items():
        found |= {f"file {owner}{name}": digest for name, digest in _files(arguments, roots)}
    inner = list(_inner_specs((eval_args, *(spec.args or {} for spec in fn_specs.values())), registry))
    found |= _code(SCORER_CODE, [eval_class], [eval_args])
    specs = [*fn_specs.values(), *inner]
    found |= _code("code ", [spec.cls for spec in specs], [spec.args or {} for spec in specs])
    for name, fn in fns.items():
        servers = sorted(set(_servers(fn)))
        if servers:
            found[f"server {name}"] = ", ".join(servers)
    return found if pictures is None else {**found, "pictures": pictures}


def _code(prefix: str, classes: Iterable[str], arguments: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Digests of the plug-ins that are named as classes, and in arguments as `module:name`."""
    named = [text for given in arguments for _, text in _texts(given) if _may_be_class(text)]
    found = {f"{prefix}{path.partition(':')[0]}": source_digest(path) for path in (*classes, *named)}
    return {name: digest for name, digest in found.items() if digest is not None}


def _files(arguments: Mapping[str, Any], roots: Iterable[str | Path]) -> Iterator[tuple[str, str]]:
    """(argument, digest) of each file that an argument names."""
    for name, text in _texts(arguments):
        if name == "samples_jsonl" or "." not in text or len(text) > _LONGEST_NAME or "\n" in text or "://" in text:
            continue
        for path in (Path(text).expanduser(), *(Path(root) / text for root in roots)):
            with contextlib.suppress(OSError, ValueError):
                if path.is_file():
                    yield name, file_digest(path) or "none"
                    break


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(name, text) of all texts among arguments, at any depth."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _texts(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _texts(part, f"{name}.{number}")


def _may_be_class(text: str) -> bool:
    module, colon, attribute = text.partition(":")
    return bool(colon) and attribute.replace(".", "").isidentifier() and module.replace(".", "").isidentifier()


def _inner_specs(arguments: Iterable[Mapping[str, Any]], registry: Any) -> Iterator[Any]:
    """The specs of completion functions that arguments name, such as the inner one of a chain of thought."""
    for given in arguments:
        for name, text in _texts(given):
            if "completion_fn" in name or "solver" in name:
                with contextlib.suppress(EvalsError):
                    yield registry.resolve_completion_fn(text)


def _servers(fn: Any, depth: int = 4) -> Iterator[str]:
    """The base URLs of a completion function and of those that it holds, without what is secret in them."""
    url = getattr(fn, "base_url", None)
    if isinstance(url, str) and "://" in url:
        yield shown_url(url)
    held = getattr(fn, "__dict__", None)
    if depth and isinstance(held, dict):
        for part in list(held.values()):
            if callable(part) and not isinstance(part, type):
                yield from _servers(part, depth - 1)


def file_digest(path: Path) -> str | None:
    """16 hexadecimal digits of a file's content; None where it cannot be read, or is no plain file."""
    digest = hashlib.sha256()
    try:
        if not path.is_file():
            return None
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()[:16]
