"""The commands: thin, one function each; what they do is done in the rooms below."""
