"""Plots, one file for each kind: its inputs, its numbers as text and data, its figure."""
