"""Loads a tokenizer and a model by transformers; what can go wrong is said in words."""

from __future__ import annotations

import contextlib
import os
import socket
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

from evals.errors import MissingExtra, UsageError
from evals.local_models.hf.location import Location

DTYPES = ("auto", "float32", "bfloat16", "float16", "float64")


def check_dtype(dtype: str) -> None:
    """Raise UsageError for a name that is none of DTYPES."""
    if dtype not in DTYPES:
        raise UsageError(f"dtype is {dtype!r}", fix=f"dtype={' | '.join(DTYPES)}")


def load(
    location: Location,
    *,
    dtype: str = "float32",
    device: str = "auto",
    revision: str | None = None,
    trust_code: bool = False,
) -> tuple[Any, Any]:
    """The model, ready to compute, and its tokenizer.

    dtype: one of DTYPES; `auto` is what the weights were saved in. device: `cpu`, `cuda`, `mps`; `auto` takes a GPU
    where there is one. revision: of the hub. trust_code: whether code that comes with the model may run.

    Raises:
        MissingExtra: transformers or torch are not installed.
        UsageError: no such model, or it cannot be loaded.
    """
    check_dtype(dtype)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    try:
        import torch
        import transformers
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("torch", "transformers"):
            raise
        raise MissingExtra(f"hf/{location.name}", "hf") from None
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    local_only = location.is_local or not _hub_is_known()
    where: dict[str, Any] = {"local_files_only": local_only, "trust_remote_code": trust_code}
    if revision is not None:
        where["revision"] = revision
    with _explained(location):
        tokenizer = transformers.AutoTokenizer.from_pretrained(location.name, **where)
        kind = dtype if dtype == "auto" else getattr(torch, dtype)
        model = transformers.AutoModelForCausalLM.from_pretrained(location.name, dtype=kind, **where)
        model.to(_device(device, torch)).eval()
    return model, tokenizer


def _device(name: str, torch: Any) -> str:
    if name != "auto":
        return name
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _hub_is_known() -> bool:
    """Whether the hub's name has an address here: without one, asking it takes a minute of retries to fail."""
    from huggingface_hub import constants

    if urllib.request.getproxies():
        return True
    try:
        socket.getaddrinfo(urllib.parse.urlsplit(constants.ENDPOINT).hostname, 443)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _explained(location: Location) -> Iterator[None]:
    """Errors of transformers as messages: a model that is not there, not complete, or of another kind."""
    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        what = f"the model in {location.name}" if location.is_local else f"the hub's model {location.name}"
        fix = "see that the folder holds config.json, the weights and the tokenizer"
        if not location.is_local:
            fix = f"check the name and the network; for a folder of this machine write hf/./{location.name}"
        raise UsageError(f"{what} cannot be loaded", notes=[line[:300] for line in lines[:3]], fix=fix) from None
