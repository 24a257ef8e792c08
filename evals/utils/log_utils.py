"""Door: reading records under the path of openai/evals."""

from __future__ import annotations

from evals.record.extracts import extract_final_results as extract_final_results
from evals.record.extracts import extract_individual_results as extract_individual_results
from evals.record.extracts import extract_spec as extract_spec
from evals.record.extracts import get_final_results_from_dir as get_final_results_from_dir
from evals.record.extracts import get_specs_from_dir as get_specs_from_dir
