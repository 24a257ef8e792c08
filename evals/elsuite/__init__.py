"""Doors: the import paths of openai/evals' eval classes."""
