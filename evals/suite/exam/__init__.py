"""The Exam eval: a model sits a paper, and gets a score, a percentile, and how sure both are."""
