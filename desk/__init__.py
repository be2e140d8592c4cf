"""The desk: the pages where librarians work, behind a login, at ``/desk``."""
