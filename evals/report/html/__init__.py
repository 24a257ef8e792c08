"""The report page: one HTML file with the numbers of runs and every sample, which opens without a network."""
