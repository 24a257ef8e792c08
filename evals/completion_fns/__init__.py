"""Backends: a prompt in, completions out."""
