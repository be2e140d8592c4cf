"""Finding: the query language, the engines behind one interface, the follower that feeds them.

A document is a page of an item; page 0 is the item's own description. Answers are grouped
by item. The index holds nothing that the archive and the catalogue do not hold.
"""
