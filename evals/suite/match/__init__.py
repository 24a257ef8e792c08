"""Evals that compare the text of a completion with the accepted answers, without a model."""
