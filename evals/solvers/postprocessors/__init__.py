"""Postprocessors: small changes to the answer of a solver, in the order in which an entry lists them."""
