"""Solvers over Anthropic models."""
