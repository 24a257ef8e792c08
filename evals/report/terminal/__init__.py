"""Texts for the terminal: runs, comparisons, explanations, gates and samples, at most 80 columns wide."""
