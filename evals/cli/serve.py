"""`evals serve`: models of this process behind the OpenAI API on the loopback, with faults where they are asked for."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from evals.cli.console import existing_folder
from evals.errors import UsageError

DEFAULT_PORT = 8000


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "serve",
        help="serve a local model behind the OpenAI API",
        description="Serve models of this machine (pocket/NAME, hf/MODEL) behind the OpenAI API: chat completions, "
        "completions with echo and log probabilities, streams, models. It prints its base URL and serves until "
        "Ctrl-C. GET /stats shows counters.",
        epilog="faults: 429, 500, 502, 503, reset, disconnect, stall, truncated, invalid_json, empty_choices",
    )
    parser.add_argument("models", nargs="+", metavar="MODEL", help="name from the registry; several are served at once")
    parser.add_argument("--host", default="127.0.0.1", metavar="HOST", help="address to listen at (default 127.0.0.1)")
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, metavar="N", help=f"0 takes a free one (default {DEFAULT_PORT})"
    )
    parser.add_argument(
        "--alias", action="append", default=[], metavar="NAME", help="the first model answers to NAME too; repeatable"
    )
    parser.add_argument(
        "--allowed-host", action="append", default=[], metavar="NAME",
        help="serve requests for this host name too, and of its pages; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--clamp-max-tokens",
        action="store_true",
        help="answer a max_tokens beyond the context up to its end, not by 400",
    )
    parser.add_argument("--api-key", metavar="KEY", help="refuse requests without this key (401)")
    parser.add_argument(
        "--registry_path", action="append", default=[], type=existing_folder, metavar="DIR", help="a further registry"
    )
    parser.add_argument(
        "--completion_args", action="append", default=[], metavar="k=v,k=v", help="arguments of the models"
    )
    _add_faults(parser.add_argument_group("for testing one's own tooling"))
    parser.set_defaults(func=run)


def _add_faults(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--latency", type=_seconds, default=0.0, metavar="S", help="every reply comes so much later")
    group.add_argument(
        "--error-rate", type=_fraction, default=0.0, metavar="P", help="chance that an attempt fails, from 0 to 1"
    )
    group.add_argument("--faults", metavar="NAMES", help="what failures are drawn from, separated by commas")
    group.add_argument(
        "--fail-first-n", type=_count, default=0, metavar="N", help="the first N attempts at each request fail"
    )
    group.add_argument("--retry-after", type=_seconds, default=0.05, metavar="S", help="what a 429 says (default 0.05)")
    group.add_argument("--max-concurrency", type=_count, metavar="N", help="more in flight are refused with 429")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="of the failures (default 0)")


def run(args: argparse.Namespace) -> int:
    """Serve until a signal says stop."""
    from evals.key_values import split_pairs
    from evals.registry.lookup import Registry
    from evals.serving.faults import DEFAULT_FAULTS, FaultPlan, Rules
    from evals.serving.same_site import is_loopback
    from evals.serving.serve import serve

    registry = Registry()
    registry.add_registry_paths(args.registry_path)
    names = tuple(args.faults.split(",")) if args.faults else DEFAULT_FAULTS
    try:
        plan = FaultPlan(args.error_rate, names, args.fail_first_n, args.seed, args.retry_after)
    except ValueError as error:
        raise UsageError(f"--faults: {error}") from None
    rules = Rules(args.latency, args.max_concurrency, args.api_key, plan)
    if not is_loopback(args.host):
        print(f"warning: {args.host} can be reached from other machines", file=sys.stderr)
    counts = serve(
        list(dict.fromkeys(member for name in args.models for member in registry.completion_fn_members(name))),
        registry,
        rules,
        arguments=split_pairs(args.completion_args, "--completion_args"),
        host=args.host,
        port=args.port,
        aliases=args.alias,
        allowed_hosts=args.allowed_host,
        clamps=args.clamp_max_tokens,
        ready=lambda url, models: print(_greeting(url, models, args.api_key), flush=True),
    )
    failed = sum(counts["faults"].values())
    print(f"\nstopped: {counts['n_answered']:,} of {counts['n_requests']:,} requests answered, {failed:,} faults sent")
    return 0


def _greeting(url: str, models: Any, api_key: str | None) -> str:
    """What is served, where, and how it is used."""
    served = [f"serving {name}, {model.n_ctx:,} tokens of context" for name, model in models.items()]
    key = "\n  export OPENAI_API_KEY=KEY" if api_key else ""
    return (
        "\n".join(served) + f"\nbase URL  {url}      Ctrl-C stops\n\n"
        f"  export OPENAI_BASE_URL={url}{key}\n"
        f"  oaieval completions/{next(iter(models))} pocket-choice\n"
    )


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text}")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"needs a number from 0 up, not {text}")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"needs seconds from 0 up, not {text}")
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"needs a number from 0 to 1, not {text}")
    return value
