"""Evals in which a grader, another model, judges the completion by a rubric."""
