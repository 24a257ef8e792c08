"""Right when the completion is, or holds, what was expected."""
