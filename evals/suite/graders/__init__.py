"""The graders of OpenAI's hosted Evals: the same definitions, run here; one file for each kind of grader."""
