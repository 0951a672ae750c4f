"""The models: the embedder, and the reader's network."""
