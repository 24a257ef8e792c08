"""Evals of programs: a completion is right if its program passes the tests; pass@k, and judging finished files."""
