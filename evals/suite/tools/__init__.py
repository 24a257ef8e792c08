"""Evals of function calls: which function a model calls, and with which arguments."""
