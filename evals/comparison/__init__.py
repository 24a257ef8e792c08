"""Two runs or more, side by side: read as arrays, paired by sample, compared, and explained."""
