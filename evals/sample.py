"""A sample: one row of a dataset, with its id and the line it came from."""

from __future__ import annotations

from typing import Any

CLUSTER_KEY = "cluster"
"The label of samples that depend on one another: questions on one passage, copies in several languages."

LABEL_KEYS = ("group", "category", "subject", "section", "language", "difficulty", CLUSTER_KEY)
"Keys of a row that go into its record as labels, so that reports can group by them."


class Sample(dict[str, Any]):
    """One row as a plain dict (plug-ins see just that) that remembers where it stands.

    path, line: the data file and the 1-based line, for error messages. index: 0-based row number in the
    dataset. All three are None for a sample built in code.
    """

    __slots__ = ("index", "line", "path")

    path: str | None
    line: int | None
    index: int | None

    def __init__(
        self,
        row: dict[str, Any],
        *,
        path: str | None = None,
        line: int | None = None,
        index: int | None = None,
    ) -> None:
        super().__init__(row)
        self.path = path
        self.line = line
        self.index = index

    @property
    def where(self) -> str | None:
        """`file:line`, as far as it is known."""
        if self.path is None:
            return None
        return self.path if self.line is None else f"{self.path}:{self.line}"


def labels_of(sample: Any) -> dict[str, Any] | None:
    """The labels of a row; None where it has none."""
    if not isinstance(sample, dict):
        return None
    labels = {key: sample[key] for key in LABEL_KEYS if isinstance(sample.get(key), str | int)}
    return labels or None


def sample_id(eval_name: str, index: int) -> str:
    """`<base>.<split>.<index>`, the id that openai/evals gives to row `index` of an eval."""
    base, split = eval_name.split(".")[0:2]
    return f"{base}.{split}.{index}"


def id_order(sample_id: str) -> tuple[str, int, str]:
    """The key that sorts sample ids by dataset row: `x.9` before `x.10`, and ids that end in no row number before both.

    A last part such as `05` is a name, not a row: the key's number is then -1.
    """
    head, _, tail = sample_id.rpartition(".")
    is_row = tail.isdecimal() and str(int(tail)) == tail
    return (head, int(tail), "") if is_row else (head, -1, tail)
