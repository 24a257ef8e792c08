"""`evals serve`: models of this process behind the OpenAI API on the loopback."""
