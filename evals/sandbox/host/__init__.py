"""The evaluator's side: a pool of workers, started, fed and replaced; it runs no test, and takes in texts alone."""
