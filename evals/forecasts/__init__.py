"""Forecasts: sealed before their target exists, kept in a folder, and scored when the outcome is there."""
