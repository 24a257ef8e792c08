"""Right when the program passes its tests: pass@k, and judging finished completions."""
