"""Solvers over OpenAI models."""
