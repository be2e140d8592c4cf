"""What an item is, and every form it is described in.

The lowest room of the house: it imports none of the others, touches no disk and
no network, and everything in it is a value or a function of values.
"""
