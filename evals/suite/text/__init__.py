"""Evals of whole texts: translations, and the probability that a model gives a text."""
