"""The wording that solvers put around a task."""
