"""Where plug-ins of openai/evals import Includes from."""

from evals.suite.match.includes import Includes as Includes
