"""Evals that extract an answer from the completion (a number, a letter, a formula, words) and compare that."""
