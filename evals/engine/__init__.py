"""Runs samples and calls models: the only place that knows event loops, threads, limits and retries."""
