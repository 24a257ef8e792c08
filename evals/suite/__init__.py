"""The eval classes, a folder for each thing that is judged; YAML names them here: `class: evals.suite:Match`.

No move of a file breaks that path. A class loads when it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from evals.lazy import lazy_names

if TYPE_CHECKING:
    from evals.suite.answers.drop_f1 import DropF1 as DropF1
    from evals.suite.answers.extract import ExtractAnswer as ExtractAnswer
    from evals.suite.answers.stated_confidence import StatedConfidence as StatedConfidence
    from evals.suite.choice.eval import Choice as Choice
    from evals.suite.choice.mmmu import MMMU as MMMU
    from evals.suite.choice.multiple_choice import MultipleChoice as MultipleChoice
    from evals.suite.code.pass_at_k import PassAtK as PassAtK
    from evals.suite.exam.eval import Exam as Exam
    from evals.suite.graded.claims import ClaimSupport as ClaimSupport
    from evals.suite.graded.factuality import Factuality as Factuality
    from evals.suite.graded.modelgraded import ModelBasedClassify as ModelBasedClassify
    from evals.suite.graded.preference import Preference as Preference
    from evals.suite.graded.safety import Safety as Safety
    from evals.suite.graded.toxicity import Toxicity as Toxicity
    from evals.suite.graded.truthfulness import Truthfulness as Truthfulness
    from evals.suite.graders.eval import HostedEval as HostedEval
    from evals.suite.graders.single import LabelModel as LabelModel
    from evals.suite.graders.single import MultiGraded as MultiGraded
    from evals.suite.graders.single import PythonGraded as PythonGraded
    from evals.suite.graders.single import ScoreModel as ScoreModel
    from evals.suite.graders.single import StringCheck as StringCheck
    from evals.suite.graders.single import TextSimilarity as TextSimilarity
    from evals.suite.match.built_in import TestMatch as TestMatch
    from evals.suite.match.fuzzy_match import FuzzyMatch as FuzzyMatch
    from evals.suite.match.includes import Includes as Includes
    from evals.suite.match.json_match import JsonMatch as JsonMatch
    from evals.suite.match.json_schema import JsonSchema as JsonSchema
    from evals.suite.match.json_validator import JsonValidator as JsonValidator
    from evals.suite.match.lambada import Lambada as Lambada
    from evals.suite.match.match import Match as Match
    from evals.suite.match.match_with_solvers import MatchWithSolvers as MatchWithSolvers
    from evals.suite.text.text_loss import TextLoss as TextLoss
    from evals.suite.text.translate import Translate as Translate
    from evals.suite.text.truth_difference import TruthDifference as TruthDifference
    from evals.suite.tools.tool_call import ToolCall as ToolCall

_HOMES = {
    "Choice": "evals.suite.choice.eval",
    "ClaimSupport": "evals.suite.graded.claims",
    "DropF1": "evals.suite.answers.drop_f1",
    "Exam": "evals.suite.exam.eval",
    "ExtractAnswer": "evals.suite.answers.extract",
    "Factuality": "evals.suite.graded.factuality",
    "FuzzyMatch": "evals.suite.match.fuzzy_match",
    "HostedEval": "evals.suite.graders.eval",
    "Includes": "evals.suite.match.includes",
    "JsonMatch": "evals.suite.match.json_match",
    "JsonSchema": "evals.suite.match.json_schema",
    "JsonValidator": "evals.suite.match.json_validator",
    "LabelModel": "evals.suite.graders.single",
    "Lambada": "evals.suite.match.lambada",
    "Match": "evals.suite.match.match",
    "MatchWithSolvers": "evals.suite.match.match_with_solvers",
    "MMMU": "evals.suite.choice.mmmu",
    "ModelBasedClassify": "evals.suite.graded.modelgraded",
    "MultiGraded": "evals.suite.graders.single",
    "MultipleChoice": "evals.suite.choice.multiple_choice",
    "PassAtK": "evals.suite.code.pass_at_k",
    "Preference": "evals.suite.graded.preference",
    "PythonGraded": "evals.suite.graders.single",
    "Safety": "evals.suite.graded.safety",
    "ScoreModel": "evals.suite.graders.single",
    "StatedConfidence": "evals.suite.answers.stated_confidence",
    "StringCheck": "evals.suite.graders.single",
    "TestMatch": "evals.suite.match.built_in",
    "TextLoss": "evals.suite.text.text_loss",
    "TextSimilarity": "evals.suite.graders.single",
    "ToolCall": "evals.suite.tools.tool_call",
    "Toxicity": "evals.suite.graded.toxicity",
    "Translate": "evals.suite.text.translate",
    "TruthDifference": "evals.suite.text.truth_difference",
    "Truthfulness": "evals.suite.graded.truthfulness",
}

__all__ = list(_HOMES)
__getattr__, __dir__ = lazy_names(globals(), _HOMES)
