"""The chat page, its API, and the server for both."""
