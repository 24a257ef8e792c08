"""Exams: a paper in, numbers out. Nothing here knows a model, a record or a run.

paper and items hold what a paper is, and read_paper loads one from its folder; marking gives points for a status;
pipeline turns points into a score, tables into scales and percentiles, and resampling into intervals.
"""
