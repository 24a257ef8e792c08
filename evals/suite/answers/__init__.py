"""Right when the answer that is read out of the completion is: a letter, a number, a formula, words, a date."""
