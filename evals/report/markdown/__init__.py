"""Markdown for issues, pull requests and step summaries."""
