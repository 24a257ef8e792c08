"""A whole run, from two names to a record and a report."""
