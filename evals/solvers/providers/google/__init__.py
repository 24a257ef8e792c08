"""Solvers over Google models."""
