"""Solvers for the models of one provider each."""
