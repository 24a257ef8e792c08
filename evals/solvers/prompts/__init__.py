"""Texts that solvers put around a task."""
