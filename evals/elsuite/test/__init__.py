"""Door: the built-in test eval under the path of openai/evals."""
