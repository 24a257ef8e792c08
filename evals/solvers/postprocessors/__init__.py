"""Small repairs to what a solver answered, applied in the order in which an entry lists them."""
