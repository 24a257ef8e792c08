"""Where plug-ins of openai/evals import Includes from."""

from evals.suite.includes import Includes as Includes
