"""Trains the pocket models: the same recipe for every rung of the ladder, in PyTorch on a CPU."""
