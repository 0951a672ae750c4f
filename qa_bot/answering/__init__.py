"""A question and its history -> quotes."""
