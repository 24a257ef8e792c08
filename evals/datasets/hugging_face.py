"""Reads rows of Hugging Face datasets, named `hf://NAME?split=...` as in openai/evals."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from evals.datasets.cache_folder import data_cache, written_whole
from evals.datasets.images import undecoded, with_image_urls
from evals.datasets.plain_rows import NumberedRow, write_rows
from evals.errors import DataError, MissingExtra, listed

logger = logging.getLogger(__name__)

CONNECT_S = 3.0
"Seconds for a connection to the Hub, before its caches are all that is asked."


def expand_hugging_face(url: str) -> Path:
    """The path of a plain file of JSON lines with the rows of `hf://NAME?KEYWORD=VALUE&...`.

    The file is made once for each state of the dataset. The keywords go to `datasets.load_dataset`; `split` is
    required. Images become data URLs.

    Raises:
        DataError: the URL is incomplete, or the dataset cannot be loaded.
        MissingExtra: the package datasets is not installed.
    """
    name, keywords = parse_hugging_face_url(url)
    try:
        import datasets
    except ImportError:
        raise MissingExtra("reading hf:// datasets", "data") from None
    hub = unreachable_hub() if _is_on_the_hub(name, datasets) else None
    try:
        with _offline(datasets) if hub else contextlib.nullcontext():
            loaded = datasets.load_dataset(name, **keywords)
    except (ValueError, OSError, RuntimeError) as error:
        if hub:
            raise DataError(
                f"{hub} cannot be reached, and the cache has no such dataset", where=url, fix=_FIX
            ) from error
        what = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"the dataset cannot be loaded: {what}", where=url, fix=_CHECK_NAME) from error
    _refuse_splits(loaded, url)
    loaded = _with_dates_as_written(loaded, datasets, name, keywords)
    key = hashlib.sha256(f"{url} {loaded._fingerprint}".encode()).hexdigest()[:32]
    target = data_cache("expanded") / f"{key}.jsonl"
    if not target.exists():
        loaded, images = undecoded(loaded)
        rows = (NumberedRow(i, with_image_urls(row, images)) for i, row in enumerate(loaded))
        with written_whole(target) as file:
            write_rows(rows, file, url, has_lines=False)
    return target


_FIX = (
    "check the network and HTTPS_PROXY, or name a mirror in HF_ENDPOINT; or load it where there is a network, and copy "
    "the folder ~/.cache/huggingface"
)
_CHECK_NAME = "check the name, the split and the keywords; of a gated dataset log in: hf auth login"


def unreachable_hub() -> str | None:
    """The host of the Hub, or of the proxy before it, where no connection is made in `CONNECT_S` seconds; else None.

    The libraries of Hugging Face try a name that cannot be resolved six times, and wait 23 s in between.
    """
    address = urlsplit(os.environ.get("HF_ENDPOINT") or "https://huggingface.co")
    host = address.hostname or "huggingface.co"
    proxy = None if proxy_bypass(host) else getproxies().get(address.scheme)
    asked = urlsplit(proxy if "://" in proxy else f"http://{proxy}") if proxy else address
    port = asked.port or (443 if asked.scheme == "https" else 80)
    try:
        with socket.create_connection((asked.hostname or host, port), timeout=CONNECT_S):
            return None
    except OSError:
        return host


def _is_on_the_hub(name: str, datasets: Any) -> bool:
    """Whether a dataset is none of local files: a folder, or a reader such as `json`."""
    return not Path(name).exists() and name not in getattr(datasets.packaged_modules, "_PACKAGED_DATASETS_MODULES", ())


@contextlib.contextmanager
def _offline(datasets: Any) -> Iterator[None]:
    """Let the libraries look into their caches alone; they read this switch at each call."""
    import huggingface_hub.constants

    places = (datasets.config, huggingface_hub.constants)
    before = [place.HF_HUB_OFFLINE for place in places]
    try:
        for place in places:
            place.HF_HUB_OFFLINE = True
        yield
    finally:
        for place, value in zip(places, before, strict=True):
            place.HF_HUB_OFFLINE = value


def _with_dates_as_written(loaded: Any, datasets: Any, name: str, keywords: dict[str, str]) -> Any:
    """The dataset with texts such as `2020-01-01` as its JSON files have them.

    JSON has no dates, but the reader of datasets 5 makes timestamps of a column whose first texts all look like some.
    """
    if getattr(loaded, "builder_name", None) != "json":
        return loaded
    dated = [column for column, feature in loaded.features.items() if "timestamp" in repr(feature)]
    if not dated:
        return loaded
    if not hasattr(datasets, "Json"):
        logger.warning(
            "datasets %s made timestamps of the texts in %s; `pip install -U datasets` keeps them as they are",
            datasets.__version__,
            listed(dated),
        )
        return loaded
    features = datasets.Features({**loaded.features, **{column: datasets.Json() for column in dated}})
    return datasets.load_dataset(name, **keywords, features=features)


def parse_hugging_face_url(url: str) -> tuple[str, dict[str, str]]:
    """The name of the dataset, and the keywords for `load_dataset`. Raises DataError without a name or `split`.

    >>> parse_hugging_face_url("hf://cais/mmlu?name=anatomy&split=test")
    ('cais/mmlu', {'name': 'anatomy', 'split': 'test'})
    """
    name, _, query = url.removeprefix("hf://").partition("?")
    keywords = dict(parse_qsl(query))
    if not name:
        raise DataError("the URL names no dataset", where=url, fix="write hf://NAME?split=SPLIT")
    if "split" not in keywords:
        raise DataError("the URL names no split", where=url, fix=f"add it: {url}{'&' if query else '?'}split=test")
    return unquote(name), keywords


def _refuse_splits(loaded: Any, url: str) -> None:
    if isinstance(loaded, dict):
        raise DataError("several splits came back", where=url, notes=[listed(list(loaded))], fix="name one with split=")
