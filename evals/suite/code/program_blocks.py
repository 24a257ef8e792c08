"""Chooses the program among the blocks of an answer where no function is asked for: one that reads and prints."""

from __future__ import annotations

import ast
import builtins
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "exit", "quit"}
_READS = frozenset({"input", "stdin", "open", "argv", "fileinput"})
_PRINTS = frozenset({"print", "stdout", "write", "writelines"})
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class Block:
    """What a block of valid Python does, read from its syntax tree."""

    source: str
    acts: bool
    "Whether its module level does more than to define, to assign plain values, and to name a value (`8`, `YES`)."
    defines: frozenset[str]
    needs: frozenset[str]
    "Names that it uses and nothing in it defines."
    uses: frozenset[str]

    @property
    def reads(self) -> bool:
        """Whether it mentions a way to read input."""
        return not _READS.isdisjoint(self.uses)

    @property
    def prints(self) -> bool:
        """Whether it mentions a way to print."""
        return not _PRINTS.isdisjoint(self.uses)


def choose_program(blocks: Sequence[str]) -> str | None:
    """The program in these blocks of an answer; None if none of them does anything.

    The last block that is a program by itself: it needs no name of another, and reads and prints (else: prints). Later
    blocks show its output, or try it. If no block is one, the last that does something, with the earlier blocks that
    define what it needs in front: imports, helpers, the first half of a program that was split.
    """
    found = [block for source in blocks if (block := read_block(source)) is not None]
    acting = [place for place, block in enumerate(found) if block.acts]
    if not acting:
        return None
    alone = [place for place in acting if not found[place].needs and found[place].prints]
    whole = [place for place in alone if found[place].reads]
    if whole:
        return found[whole[-1]].source
    # Not a block that prints alone if one beside it reads: together they may be the program.
    joined = [_with_needed(found, place) for place in acting]
    complete = [block for block in joined if not block.needs and block.prints]
    reading = [block for block in complete if block.reads]
    return (reading or complete or joined)[-1].source


def _with_needed(blocks: Sequence[Block], place: int) -> Block:
    """A block with the earlier ones in front that define what it needs, and what these need."""
    chosen, needs = [place], set(blocks[place].needs)
    for earlier in range(place - 1, -1, -1):
        block = blocks[earlier]
        if not block.defines.isdisjoint(needs):
            chosen.append(earlier)
            needs = (needs - block.defines) | block.needs
    parts = [blocks[number] for number in sorted(chosen)]
    return Block(
        "\n".join(part.source for part in parts),
        True,
        frozenset().union(*(part.defines for part in parts)),
        frozenset(needs),
        frozenset().union(*(part.uses for part in parts)),
    )


def read_block(source: str) -> Block | None:
    """What a block does; None if it is not valid Python."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    used: set[str] = set()
    defined: set[str] = set()
    words: set[str] = set()
    everything = False
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.alias):
            everything |= node.name == "*"
            defined.add((node.asname or node.name).split(".")[0])
            words.add(node.name.split(".")[-1])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            defined.add(node.name)
        elif isinstance(node, ast.Attribute):
            words.add(node.attr)
    needs = frozenset() if everything else frozenset(used - defined - _BUILTINS)
    return Block(source, any(map(_acts, tree.body)), frozenset(defined), needs, frozenset(used | words))


def _acts(node: ast.stmt) -> bool:
    if isinstance(node, _DEFINITIONS):
        return False
    if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign):
        return node.value is not None and any(isinstance(part, ast.Call | ast.Await) for part in ast.walk(node.value))
    return not isinstance(node, ast.Pass)
