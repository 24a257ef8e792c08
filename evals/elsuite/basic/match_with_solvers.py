"""Where plug-ins of openai/evals import MatchWithSolvers from."""

from evals.suite.match.match_with_solvers import MatchWithSolvers as MatchWithSolvers
