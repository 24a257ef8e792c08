"""Estimators over arrays: intervals, standard errors, tests; knows nothing of runs."""
