"""The evaluator's side: a pool of workers, started, fed and replaced; it holds no test and no program's object."""
