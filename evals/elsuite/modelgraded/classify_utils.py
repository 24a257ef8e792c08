"""Door: grading by a rubric under the path of openai/evals."""

from __future__ import annotations

from evals.suite.graded.answer_prompts import ANSWER_PROMPTS as ANSWER_PROMPTS
from evals.suite.graded.answer_prompts import append_answer_prompt as append_answer_prompt
from evals.suite.graded.answer_prompts import choice_to_str as choice_to_str
from evals.suite.graded.classify import classify as classify
from evals.suite.graded.classify import sample_and_concat_n_completions as sample_and_concat_n_completions
from evals.suite.graded.grading import INVALID_STR as INVALID_STR
from evals.suite.graded.grading import MATCH_FNS as MATCH_FNS
from evals.suite.graded.grading import get_choice as get_choice
from evals.suite.graded.grading import get_choice_score as get_choice_score
from evals.suite.graded.grading import get_choice_strings as get_choice_strings
from evals.suite.graded.rubric import concat_n_completions as concat_n_completions
