"""Exams that a model sits: prompts, replies, graders, marks, and a report with score, percentile and intervals."""
