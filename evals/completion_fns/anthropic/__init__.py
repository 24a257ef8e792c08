"""Anthropic's models, by the messages API."""
