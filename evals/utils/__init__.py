"""Door: the import paths of openai/evals for what plug-ins share."""
