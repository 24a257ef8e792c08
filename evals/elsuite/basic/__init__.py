"""Doors: the import paths of openai/evals' basic evals."""
