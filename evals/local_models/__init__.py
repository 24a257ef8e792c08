"""Language models computed in this process: the seam that they share, and the two kinds that there are."""
