"""Plots, a file a kind: what each needs, its table, its data and its figure."""
