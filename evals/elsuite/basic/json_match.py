"""Where plug-ins of openai/evals import JsonMatch from."""

from evals.suite.match.json_match import JsonMatch as JsonMatch
from evals.suite.match.json_match import json_match as json_match
