"""The chat page, its API and the server of both."""
