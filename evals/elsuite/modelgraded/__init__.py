"""Door: the import paths of openai/evals' model-graded evals."""
