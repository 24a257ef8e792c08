"""Samples: rows of a dataset, with their ids, their labels and the lines they came from."""

from __future__ import annotations

from typing import Any

CLUSTER_KEY = "cluster"
"The label of samples that depend on one another: questions on one passage, copies in several languages."

LABEL_KEYS = ("group", "category", "subject", "section", "language", "difficulty", CLUSTER_KEY)
"Keys of a row that go into its record as labels, so that reports can group by them."

OWN_ID_KEY = "id"
"The field of a row with its own id, which is the sample's name wherever people read it; `id_key` may fill it."

IMAGES_KEY = "images"
WITH_IMAGES, WITHOUT_IMAGES = "with", "without"
"""The label of samples whose prompt holds an image: the record has it as `with`. Where one sample of a run has it, the
others are `without`."""


class Sample(dict[str, Any]):
    """One row of a dataset: a dict that also knows where it came from.

    path, line: the data file and the line (from 1), for messages. index: the number of the row in the dataset (from
    0). All three are None for a sample that was made in code. repeated: what is wrong and the fix where a
    key appears twice in the row, and its last value won; else None.
    """

    __slots__ = ("index", "line", "path", "repeated")

    path: str | None
    line: int | None
    index: int | None
    repeated: tuple[str, str] | None

    def __init__(
        self,
        row: dict[str, Any],
        *,
        path: str | None = None,
        line: int | None = None,
        index: int | None = None,
        repeated: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(row)
        self.path = path
        self.line = line
        self.index = index
        self.repeated = repeated

    @property
    def where(self) -> str | None:
        """`file:line`, or `file` without a line; None if the file is not known."""
        if self.path is None:
            return None
        return self.path if self.line is None else f"{self.path}:{self.line}"


def labels_of(sample: Any) -> dict[str, Any] | None:
    """The labels of a row: its LABEL_KEYS with a text or a whole number; None without any."""
    if not isinstance(sample, dict):
        return None
    labels = {key: sample[key] for key in LABEL_KEYS if key in sample and isinstance(sample[key], (str, int))}
    return labels or None


def own_id(sample: Any) -> str | None:
    """The id that a row gives itself in its field `id`, as text: a text or a whole number; None for anything else."""
    value = sample.get(OWN_ID_KEY) if isinstance(sample, dict) else None
    if isinstance(value, float) and value.is_integer():  # a column of whole numbers with a gap
        value = int(value)
    is_id = isinstance(value, str | int) and not isinstance(value, bool)
    return (str(value).strip() or None) if is_id else None


def sample_id(eval_name: str, index: int) -> str:
    """The id that openai/evals gives to row `index` of an eval: `<base>.<split>.<index>`.

    eval_name: `<base>.<split>` and maybe a version.

    Raises:
        ValueError: the name has no split.
    """
    base, split = eval_name.split(".")[0:2]
    return f"{base}.{split}.{index}"


def id_order(sample_id: str) -> tuple[str, int, str]:
    """A sort key that orders sample ids by row: `x.9` before `x.10`.

    Ids that do not end in a row number come before both. A last part such as `05` is not a row number.
    """
    head, _, tail = sample_id.rpartition(".")
    is_row = tail.isdecimal() and str(int(tail)) == tail
    return (head, int(tail), "") if is_row else (head, -1, tail)
