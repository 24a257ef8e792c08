"""`evals completion`: a script for bash, zsh or fish that completes commands, options, and names of evals and models.

The scripts are thin. They ask `evals completion words`, which reads the same parsers as the commands do.
"""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from evals.cli.console import Parser

BASH = """# Completion of oaieval's commands for bash:  eval "$(evals completion bash)"
_oaieval_complete() {
    local IFS=$'\\n'
    COMPREPLY=($(evals completion words "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null))
}
complete -o default -o bashdefault -F _oaieval_complete oaieval oaievalset evals
"""
ZSH = """#compdef oaieval oaievalset evals
# Completion of oaieval's commands for zsh, after compinit:  eval "$(evals completion zsh)"
_oaieval_complete() {
    local -a found
    found=(${(f)"$(evals completion words "${(@)words[1,CURRENT]}" 2>/dev/null)"})
    if (( ${#found} )); then compadd -a found; else _files; fi
}
compdef _oaieval_complete oaieval oaievalset evals
"""
FISH = """# Completion of oaieval's commands for fish:  evals completion fish | source
function __oaieval_complete
    set -l current (commandline -ct)
    evals completion words (commandline -opc) "$current" 2>/dev/null
end
for name in oaieval oaievalset evals
    complete -c $name -a '(__oaieval_complete)'
end
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}
WORDS = "words"
"What the scripts ask for: the candidates for the last of the words that follow."

MODEL_ARGUMENTS = {"completion_fn", "model", "models", "ladder", "--model"}
EVAL_ARGUMENTS = {"eval", "evals", "--eval"}
BY_COMMAND = {
    ("oaievalset", "eval_set"): ("eval_sets", "evals"),
    ("evals show", "name"): ("evals", "completion_fns", "solvers", "eval_sets", "modelgraded"),
    ("evals check", "names"): ("evals", "completion_fns"),
    ("evals models", "pattern"): ("completion_fns",),
    ("evals list", "search"): ("evals",),
}
"The kinds of names that an argument takes, where its own name does not tell."


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Register the sub-command."""
    parser = subparsers.add_parser(
        "completion",
        help="a script that completes commands, options and names in your shell",
        description="Print a script for a shell. It completes commands, options, their choices, and the names of "
        "evals, eval sets and models, also of a project's registries. Add a line to your shell's start-up file:\n\n"
        'bash:  eval "$(evals completion bash)"        in ~/.bashrc\n\n'
        'zsh:   eval "$(evals completion zsh)"         in ~/.zshrc, after compinit\n\n'
        "fish:  evals completion fish | source         in ~/.config/fish/config.fish",
    )
    parser.add_argument("shell", choices=(*SCRIPTS, WORDS), help="bash, zsh or fish; `words` is for the scripts")
    parser.add_argument("words", nargs=argparse.REMAINDER, metavar="WORD", help=argparse.SUPPRESS)
    parser.set_defaults(func=lambda args: run(args, subparsers))


def run(args: argparse.Namespace, subparsers: argparse._SubParsersAction[Any]) -> int:
    """Print a script, or candidates, one a line. subparsers: the sub-commands of `evals`."""
    from evals.texts.safe_text import printable

    if args.shell in SCRIPTS:
        print(SCRIPTS[args.shell], end="")
        return 0
    evals = Parser(prog="evals")
    evals._actions.append(subparsers)
    for word in candidates(args.words, evals):
        print(printable(word))
    return 0


def candidates(words: Sequence[str], evals: Parser) -> list[str]:
    """What the last of `words` may become; the first is the command. An empty list leaves it to the shell.

    evals: the parser of the command `evals`.
    """
    parser = _parser_of(words[0].rpartition("/")[2], evals) if words else None
    if parser is None or len(words) < 2:
        return []
    # Bash takes `--option=value` for three words.
    given, current = [word for word in words[1:-1] if word != "="], words[-1].removeprefix("=")
    parser, before = _inner_parser(parser, given)
    option = _option(parser, before[-1]) if before else None
    if option is not None and option.nargs != 0:
        found = _values(parser, option, words)
    elif current.startswith("-"):
        known = [name for name in parser._option_string_actions if name.startswith("--")]
        return [_as_typed(name, current) for name in known if _as_one(name).startswith(_as_one(current))]
    else:
        action = _positional(parser, before)
        found = [] if action is None else _values(parser, action, words)
    return [name for name in dict.fromkeys(found) if name.startswith(current)]


def _parser_of(command: str, evals: Parser) -> Parser | None:
    from evals.cli import oaieval_flags, oaievalset

    if command == "evals":
        return evals
    parsers = {"oaieval": oaieval_flags.get_parser, "oaievalset": oaievalset.get_parser}
    return parsers[command]() if command in parsers else None


def _inner_parser(parser: Parser, before: Sequence[str]) -> tuple[Parser, Sequence[str]]:
    """The parser of the innermost sub-command among the words, and the words after its name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            place = next((i for i, word in enumerate(before) if word in action.choices), None)
            if place is not None:
                return _inner_parser(action.choices[before[place]], before[place + 1 :])
    return parser, before


def _option(parser: Parser, word: str) -> argparse.Action | None:
    return parser._option_string_actions.get(parser._as_declared(word)) if word.startswith("-") else None


def _positional(parser: Parser, before: Sequence[str]) -> argparse.Action | None:
    """The positional argument that the next word is; a repeatable one stays the last."""
    n_given, takes_value = 0, False
    for word in before:
        option = _option(parser, word)
        if option is None and not takes_value and not word.startswith("-"):
            n_given += 1
        takes_value = option is not None and option.nargs != 0
    actions = [action for action in parser._actions if not action.option_strings]
    if n_given < len(actions):
        return actions[n_given]
    return actions[-1] if actions and actions[-1].nargs in ("+", "*") else None


def _values(parser: Parser, action: argparse.Action, words: Sequence[str]) -> Iterable[str]:
    """What an argument may be: its choices, or the names of the kinds that it takes."""
    if action.choices is not None:
        return [str(choice) for choice in action.choices]
    name = action.option_strings[-1] if action.option_strings else action.dest
    if (parser.prog, name) in BY_COMMAND:
        return _names(BY_COMMAND[parser.prog, name], words)
    if name in EVAL_ARGUMENTS:
        return _names(["evals"], words)
    return _names(["completion_fns", "solvers"], words) if name in MODEL_ARGUMENTS else []


def _names(kinds: Iterable[str], words: Sequence[str]) -> list[str]:
    """Names in the registries that hold here, with those that `--registry_path` among the words adds."""
    import logging

    from evals.errors import EvalsError
    from evals.registry.lookup import Registry

    added = [path for option, path in itertools.pairwise(words) if _as_one(option) == "--registry-path"]
    logger = logging.getLogger("evals")
    was_disabled, logger.disabled = logger.disabled, True  # a warning in the middle of a command line helps nobody
    try:
        registry = Registry()
        registry.add_registry_paths(added)
        return [name for kind in kinds for name in registry.names(kind)]
    except EvalsError:
        return []
    finally:
        logger.disabled = was_disabled


def _as_one(option: str) -> str:
    return option.replace("_", "-")


def _as_typed(option: str, current: str) -> str:
    """An option with hyphens or underscores, whichever was typed: a shell drops what does not begin alike."""
    if "_" in current:
        return "--" + option[2:].replace("-", "_")
    return _as_one(option) if "-" in current[2:] else option
