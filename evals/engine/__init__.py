"""The only place that knows event loops, threads, limits and retries."""
