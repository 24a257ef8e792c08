"""Where plug-ins of openai/evals import JsonValidator from."""

from evals.suite.match.json_validator import JsonValidator as JsonValidator
from evals.suite.match.json_validator import is_valid_json as is_valid_json
