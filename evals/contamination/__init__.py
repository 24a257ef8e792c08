"""Finds questions of an eval in training text, and compares the scores of those found with those of the others."""
