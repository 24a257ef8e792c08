"""Pocket models: small transformers trained by us, run by numpy."""
