"""What was found, in words, colours and JSON: one module a format. Nothing here prints."""
