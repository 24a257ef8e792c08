"""Fakes that we ship: local servers that speak the protocols of model providers, for tests, demos and benchmarks."""
