"""What holds weights: the embedder and the reader's network."""
