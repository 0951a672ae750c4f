"""What an index is made of, in memory and on disk."""
