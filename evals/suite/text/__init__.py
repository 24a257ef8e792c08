"""Texts as wholes: translations, and how likely a model finds a text."""
