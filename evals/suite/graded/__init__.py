"""Judged by another model: rubrics, choices and their scores."""
