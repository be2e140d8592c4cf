"""How things come in: from a folder of files to items with pages, text and word boxes."""
