"""Includes: the completion must contain an accepted answer, at any place."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

from evals.eval import Report, StreamedEval
from evals.metrics import MatchReport
from evals.record.current import record_match
from evals.sample import Sample
from evals.suite.one_model import require_one
from evals.suite.samples.doubts import Doubt, ideal_doubts, prompt_doubts
from evals.suite.samples.ideals import accepted, require

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
"Scripts without spaces between words, or with endings that touch them: a word of theirs may touch others."
_IN_WORD = rf"[^\W{_UNSPACED}]"


def includes_any(completion: str, answers: Sequence[str], ignore_case: bool = False, whole_words: bool = False) -> bool:
    """Whether `completion` contains one of the answers. The empty answer is in every completion.

    whole_words: `Au` is not in `because`, `7` is not in `17`, `-7` or `7.5`.
    """
    if ignore_case:
        completion, answers = completion.lower(), [answer.lower() for answer in answers]
    if whole_words:
        return any(re.search(_whole(answer), completion) for answer in answers)
    return any(answer in completion for answer in answers)


def _whole(answer: str) -> str:
    """A pattern for an answer that no letter or digit goes on with."""
    inner = r"\s+".join(map(re.escape, answer.split()))
    before = rf"(?<!{_IN_WORD})" if re.match(rf"{_IN_WORD}|-\d", answer.strip()) else ""
    after = rf"(?!{_IN_WORD})" if re.search(rf"{_IN_WORD}$", answer.strip()) else ""
    if re.match(r"\d", answer.strip()):
        before += r"(?<!\d[.,])(?<!\W[-\u2212])(?<!^[-\u2212])"
    if re.search(r"\d$", answer.strip()):
        after += r"(?![.,]\d)"
    return f"{before}{inner}{after}"


class Includes(StreamedEval):
    """Right if the completion contains one of the sample's ideal answers, at any place.

    ignore_case: compare in lower case. whole_words: an answer within a longer word or number does not count.

    Raises:
        UsageError: not exactly one completion function.
    """

    scores_without_calls = True

    def __init__(
        self,
        completion_fns: Sequence[Any],
        samples_jsonl: str,
        ignore_case: bool = False,
        *args: Any,
        whole_words: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(completion_fns, *args, **kwargs)
        require_one(self, completion_fns)
        self.samples_jsonl = samples_jsonl
        self.ignore_case, self.whole_words = ignore_case, whole_words

    def check_sample(self, sample: Any) -> None:
        """Raise BadSample unless the row has an `input`, and an `ideal` that is a text or a list of texts.

        An empty list and an empty text are doubts (`doubtful_sample`): errors before a run, except in entries of
        openai/evals form.
        """
        require(sample, "input", "ideal")
        accepted(sample, may_be_none=True)

    def doubtful_sample(self, sample: Any) -> Iterator[Doubt]:
        """Doubts about the row's `input` and `ideal`."""
        return itertools.chain(prompt_doubts(sample["input"]), ideal_doubts(sample))

    async def eval_sample(self, sample: Sample, *_: random.Random) -> bool:
        """Send `input` without any option, record a `match` event, and return whether the completion is right.

        match: `correct`; `expected`, the sample's `ideal`; `picked` and `sampled`, both the whole completion.

        Raises:
            BadSample: `check_sample` refuses the row.
        """
        self.check_sample(sample)
        completion = await self.complete(sample["input"])
        answers = accepted(sample, may_be_none=True)
        found = includes_any(completion, answers, self.ignore_case, self.whole_words)
        record_match(found, expected=sample["ideal"], picked=completion, sampled=completion)
        return found

    def new_report(self) -> Report:
        """An empty report: `accuracy` with standard error and interval, and `boostrap_std`."""
        return MatchReport("boostrap_std")
