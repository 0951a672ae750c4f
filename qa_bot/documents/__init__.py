"""A file -> a Document: its text, title, pages and headings."""
