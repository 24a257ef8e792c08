"""Solvers that steer other solvers."""
