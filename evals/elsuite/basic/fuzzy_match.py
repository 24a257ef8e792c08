"""Where plug-ins of openai/evals import FuzzyMatch from."""

from evals.suite.match.fuzzy_match import FuzzyMatch as FuzzyMatch
