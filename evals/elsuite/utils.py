"""Door: text and prompt helpers under the path of openai/evals."""

from __future__ import annotations

from evals.suite.match.text_matching import f1_score as f1_score
from evals.suite.match.text_matching import fuzzy_match as fuzzy_match
from evals.suite.match.text_matching import get_answer as get_answer
from evals.suite.match.text_matching import get_consensus as get_consensus
from evals.suite.match.text_matching import get_letter_from_data as get_letter_from_data
from evals.suite.match.text_matching import get_scores_from_text as get_scores_from_text
from evals.suite.match.text_matching import get_yesno_from_text as get_yesno_from_text
from evals.suite.match.text_matching import normalize as normalize
from evals.suite.samples.prompting import PromptFn as PromptFn
from evals.suite.samples.prompting import format_necessary as format_necessary
from evals.suite.samples.prompting import format_prompt as format_prompt
from evals.suite.samples.prompting import scrub_formatting_from_prompt as scrub_formatting_from_prompt
