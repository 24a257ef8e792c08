"""Shows results: rooms for terminal, Markdown and plots, and a file for each format that machines read."""
