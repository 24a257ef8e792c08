"""What is made of a finished run: the block in the terminal, and later pages and plots."""
