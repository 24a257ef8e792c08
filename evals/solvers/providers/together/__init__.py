"""Solvers over models that together.ai serves."""
