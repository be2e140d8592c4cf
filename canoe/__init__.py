"""Canoe: a digital library in one program and one folder."""

__version__ = "0.1.0"
