"""Solvers that talk to one provider each."""
