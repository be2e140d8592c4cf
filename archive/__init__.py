"""Keeping: the OCFL storage root that is the truth, and the catalogue that is made from it."""
