"""Tokens a second of every pocket model: numpy as it ships against PyTorch on the CPU in float32, in turns in one run.

python benchmarks/pocket.py [NAME ...] [--batch 32] [--prompt 64] [--tokens 64] [--rounds 5] [--models FOLDER]

Both sides run the same transformer of the same sizes with a cache of keys and values on the same batch: read the
prompts, then write greedily, with the log probability of each token. Weights are random, as speed does not depend on
them. Once with the threads that each library takes by itself, and once, in a process of its own, with one each.
Figures are medians of rounds; the ratio is the median of the rounds' ratios. The last column is what reading (scoring)
alone comes to. Needs torch.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from evals.local_models.language_model import Sampling
from evals.local_models.pocket.card import find_card, model_names
from evals.local_models.pocket.model import PocketModel
from evals.local_models.pocket.tokenizer import Tokenizer
from evals.local_models.pocket.weights import Config, Weights

T = TypeVar("T")

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def random_arrays(config: Config) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        name: rng.normal(0, 0.3 if name == "embedding" else shape[0] ** -0.5, shape).astype(np.float32)
        for name, shape in config.shapes().items()
    }


class TorchModel:
    """The same transformer in PyTorch, float32, for sequences of one length."""

    def __init__(self, config: Config, arrays: dict[str, np.ndarray]) -> None:
        self.config = config
        tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
        self.embedding, self.previous = tensors["embedding"], tensors["previous"]
        names = ("q", "k", "v", "o", "up", "down")
        found = [[tensors[f"layer.{i}.{name}"] for name in names] for i in range(config.n_layer)]
        self.layers = [(torch.cat(layer[:3], 1), *layer[3:]) for layer in found]
        half = torch.arange(0, config.d_head, 2) / config.d_head
        angles = torch.outer(torch.arange(config.n_ctx), 10000.0**-half)
        self.cos, self.sin = angles.cos(), angles.sin()

    @staticmethod
    def rms(x: Tensor) -> Tensor:
        return functional.rms_norm(x, (x.shape[-1],), eps=1e-6)

    def turned(self, x: Tensor, start: int) -> Tensor:
        cos, sin = self.cos[start : start + x.shape[2]], self.sin[start : start + x.shape[2]]
        a, b = x.chunk(2, dim=-1)
        return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1)

    def step(self, ids: Tensor, before: Tensor, start: int, keys: Tensor, values: Tensor) -> Tensor:
        """Logits of the tokens after `ids`, (batch, tokens); fills the cache from `start` on."""
        n, end, heads = ids.shape[1], start + ids.shape[1], self.config.n_head
        earlier = functional.embedding(before.clamp(min=0), self.embedding) * (before >= 0)[..., None]
        x = self.rms(functional.embedding(ids, self.embedding) + self.previous * earlier)
        for i, (qkv, out, up, down) in enumerate(self.layers):
            q, k, v = (self.rms(x) @ qkv).unflatten(-1, (3, heads, -1)).permute(2, 0, 3, 1, 4)
            keys[i, :, :, start:end], values[i, :, :, start:end] = self.turned(k, start), v
            mixed = functional.scaled_dot_product_attention(
                self.turned(q, start), keys[i, :, :, :end], values[i, :, :, :end], is_causal=n > 1
            )
            x = x + mixed.transpose(1, 2).flatten(2) @ out
            x = x + functional.relu(self.rms(x) @ up).square() @ down
        return self.rms(x[:, -1]) @ self.embedding.T

    def generate(self, prompts: Tensor, n_tokens: int) -> None:
        batch, n = prompts.shape
        config = self.config
        shape = (config.n_layer, batch, config.n_head, n + n_tokens, config.d_head)
        keys, values = torch.zeros(shape), torch.zeros(shape)
        before = functional.pad(prompts, (1, -1), value=-1)
        scores = self.step(prompts, before, 0, keys, values)
        last = prompts[:, -1:]
        for start in range(n, n + n_tokens):
            logprobs = functional.log_softmax(scores, -1)
            best = logprobs.argmax(-1, keepdim=True)
            logprobs.gather(1, best).tolist()
            if start < n + n_tokens - 1:
                scores = self.step(best, last, start, keys, values)
            last = best


def timed(clock: Callable[[], float], work: Callable[[], T]) -> tuple[float, T]:
    """Seconds, and what came of it."""
    began = clock()
    result = work()
    return clock() - began, result


def measure(name: str, config: Config, args: argparse.Namespace) -> None:
    """Prints a line of the table."""
    clock = time.process_time if args.cpu else time.perf_counter
    arrays = random_arrays(config)
    tokenizer = Tokenizer([bytes([k]) for k in range(256)] + [b" w%d" % k for k in range(config.n_vocab - 257)])
    ours, theirs = PocketModel(name, Weights.of(config, arrays), tokenizer), TorchModel(config, arrays)
    rng = np.random.default_rng(11)
    prompts = rng.integers(1, config.n_vocab, (args.batch, args.prompt))
    requests = [(prompt.tolist(), Sampling(args.tokens, temperature=0.0)) for prompt in prompts]
    begun = torch.from_numpy(np.pad(prompts, ((0, 0), (1, 0))))
    rates = []
    with torch.inference_mode():
        for _ in range(args.rounds + 1):
            numpy_s, found = timed(clock, lambda: ours.generate(requests))
            torch_s, _ = timed(clock, lambda: theirs.generate(begun, args.tokens))
            read_s, _ = timed(clock, lambda: ours.score([prompt for prompt, _ in requests]))
            n_drawn = sum(each.n_drawn for (each,) in found)
            rates.append((n_drawn / numpy_s, args.batch * args.tokens / torch_s, prompts.size / read_s))
    written, torch_written, read = (statistics.median(each) for each in zip(*rates[1:], strict=True))
    ratio = statistics.median(a / b for a, b, _ in rates[1:])
    sizes = f"{config.n_parameters:>10,} {config.d_model:>5} {config.n_layer:>3} {config.n_head:>3}"
    print(f"{name:<14}{sizes} {written:>10,.0f} {torch_written:>10,.0f} {ratio:>6.2f} {read:>10,.0f}", flush=True)


def table(args: argparse.Namespace) -> None:
    """Measures every model with the threads that this process has."""
    root = Path(args.models) if args.models else None
    sizes = f"{'parameters':>10} {'d':>5} {'l':>3} {'h':>3}"
    print(f"{'model':<14}{sizes} {'numpy':>10} {'torch':>10} {'ratio':>6} {'reading':>10}")
    for name in args.names or model_names(root):
        measure(name, find_card(name, root).config, args)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="models (default: all)")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--models", help="a folder of models (default: those of the package)")
    parser.add_argument("--cpu", action="store_true", help="time of the processor, not of the clock: for busy machines")
    parser.add_argument("--one-thread", action="store_true", help="only with one thread each")
    args = parser.parse_args()
    if args.one_thread:
        torch.set_num_threads(1)
        print("\none thread each")
        table(args)
        return
    print(f"batch {args.batch}, prompts of {args.prompt} tokens, {args.tokens} written; tokens a second")
    print(
        f"numpy {np.__version__}, torch {torch.__version__} ({torch.get_num_threads()} threads), {os.cpu_count()} cores"
    )
    print("\nthreads as the libraries take them")
    table(args)
    command = [sys.executable, __file__, "--one-thread", *sys.argv[1:]]
    subprocess.run(command, check=True, env={**os.environ, **ONE_THREAD})


if __name__ == "__main__":
    main()
