"""Names of a package whose modules load when a name is first used, so that importing one module loads no other."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_names(
    package: dict[str, Any], homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of a package (PEP 562) that takes each name in `homes` from the module beside it.

    package: the package's `globals()`; a name that was used once stays there. Submodules need no entry: they are
    imported when they are asked for, as `evals.record.reader` after `import evals.record.recorders`.
    """
    own_name = package["__name__"]

    def get(name: str) -> Any:
        if name in homes:
            value = package[name] = getattr(importlib.import_module(homes[name]), name)
            return value
        missing = AttributeError(f"module {own_name!r} has no attribute {name!r}")
        if name.startswith("_"):
            raise missing
        try:
            return importlib.import_module(f"{own_name}.{name}")
        except ModuleNotFoundError as error:
            if error.name != f"{own_name}.{name}":
                raise
            raise missing from None

    def names() -> list[str]:
        return sorted({*package, *homes})

    return get, names
