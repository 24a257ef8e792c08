"""`evals serve` under load: N clients that ask at once, one request after the other, through the `openai` package.

python benchmarks/serve.py MODEL [--clients 200] [--requests 5] [--completion_args k=v]

Says how many requests were answered a second, how long they took, how large the batches were, and the CPU time of the
server a request. The clients share one process and its cores with nobody but the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence

import openai

PROMPT = "Question: What is {a} plus {b}?\nAnswer:"


async def client(api: openai.AsyncOpenAI, model: str, number: int, n_requests: int) -> list[float]:
    """Seconds of each request."""
    took = []
    for k in range(n_requests):
        began = time.perf_counter()
        prompt = PROMPT.format(a=number, b=k)
        await api.chat.completions.create(
            model=model, messages=[{"role": "user", "content": prompt}], max_tokens=16, temperature=0
        )
        took.append(time.perf_counter() - began)
    return took


async def all_clients(base_url: str, model: str, n_clients: int, n_requests: int) -> list[float]:
    async with openai.AsyncOpenAI(
        base_url=base_url, api_key="none", max_retries=0, timeout=600, http_client=openai.DefaultAioHttpClient()
    ) as api:
        parts = await asyncio.gather(*(client(api, model, number, n_requests) for number in range(n_clients)))
    return [seconds for part in parts for seconds in part]


def start(command: Sequence[str]) -> tuple[subprocess.Popen[str], str]:
    """The server, and its base URL."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("base URL"):
            return process, line.split()[2]
    raise SystemExit("the server did not start")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--requests", type=int, default=5)
    parser.add_argument("--completion_args", action="append", default=[])
    args = parser.parse_args()
    more = [f"--completion_args={text}" for text in args.completion_args]
    process, base_url = start([sys.executable, "-m", "evals.cli.main", "serve", args.model, "--port", "0", *more])
    try:
        began = time.perf_counter()
        took = asyncio.run(all_clients(base_url, args.model, args.clients, args.requests))
        seconds = time.perf_counter() - began
        with urllib.request.urlopen(base_url.removesuffix("/v1") + "/stats") as reply:
            stats = json.load(reply)
    finally:
        process.terminate()
        process.communicate()
    cpu_s = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    quantiles = statistics.quantiles(took, n=100)
    work = next(iter(stats["models"].values()))
    print(f"{len(took)} requests of {args.clients} clients: {len(took) / seconds:.0f} a second")
    print(f"a request took {statistics.median(took):.2f} s in the median, {quantiles[98]:.2f} s at the 99th percentile")
    print(f"most in flight {stats['max_in_flight']}, {work['n_batches']} batches, the largest {work['largest_batch']}")
    print(f"CPU of the server: {1000 * cpu_s / len(took):.2f} ms a request, start-up included")


if __name__ == "__main__":
    main()
