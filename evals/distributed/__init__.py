"""One run over several processes or machines: shares of its samples, and one record in the end."""
