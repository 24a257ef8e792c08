"""Completion functions as third parties write them for openai/evals."""

import json
import os
import urllib.error
import urllib.request

from evals.api import CompletionFn, CompletionResult
from evals.record import record_sampling
from evals.registry import Registry
from evals.utils.api_utils import create_retrying


class Result(CompletionResult):
    def __init__(self, texts):
        self.texts = texts

    def get_completions(self):
        return list(self.texts)


def ask(prompt, model):
    """One plain HTTP request, as people make it with `requests`."""
    messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    body = json.dumps({"model": model, "messages": messages}).encode()
    url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "Authorization": "Bearer x"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as reply:
        return json.load(reply)


class Duck:
    """Has `__call__` and nothing else; takes `registry` because the registry passes it."""

    def __init__(self, registry=None):
        self.registry = registry

    def __call__(self, prompt, **kwargs):
        reply = ask(prompt, "duck")
        texts = [choice["message"]["content"] for choice in reply["choices"]]
        record_sampling(prompt=prompt, sampled=texts, model="duck", usage=reply["usage"])
        return Result(texts)


class Doubler(CompletionFn):
    """A subclass of the protocol that needs no model: it can add."""

    def __init__(self, prefix: str = "", **kwargs):
        self.prefix = prefix

    def __call__(self, prompt, **kwargs) -> Result:
        text = prompt if isinstance(prompt, str) else prompt[-1]["content"]
        numbers = [int(word.strip("?")) for word in text.split() if word.strip("?").isdigit()]
        answer = f"{self.prefix}{sum(numbers)}"
        record_sampling(prompt=prompt, sampled=answer)
        return Result([answer])


class Wrapper(CompletionFn):
    """Puts a system message before each chat and leaves the rest to another completion function."""

    def __init__(self, completion_fn: str, system: str = "Add.", registry: Registry | None = None, **kwargs):
        self.system = system
        self.inner = (registry or Registry()).make_completion_fn(completion_fn)

    def __call__(self, prompt, **kwargs) -> CompletionResult:
        chat = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
        return self.inner(prompt=[{"role": "system", "content": self.system}, *chat], **kwargs)


class Stubborn:
    """Tries again by itself, by `create_retrying`."""

    def __init__(self, model: str, **kwargs):
        self.model = model

    def __call__(self, prompt, **kwargs):
        reply = create_retrying(ask, (urllib.error.URLError, OSError, ValueError), prompt, self.model)
        texts = [choice["message"]["content"] for choice in reply["choices"]]
        record_sampling(prompt=prompt, sampled=texts, model=self.model)
        return Result(texts)
