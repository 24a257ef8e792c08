"""Runs programs that models wrote, and says what came of them."""
