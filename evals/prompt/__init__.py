"""Door: the import paths of openai/evals for prompts."""
