"""Strategies around completion functions that keep state for one sample."""
