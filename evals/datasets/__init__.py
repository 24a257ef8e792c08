"""Datasets: every form that a file of samples can have, read lazily, and the public benchmarks."""
