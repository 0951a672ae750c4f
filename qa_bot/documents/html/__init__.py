"""HTML pages -> the paragraphs, headings, lists and tables that a person sees."""
