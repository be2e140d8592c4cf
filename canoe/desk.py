"""The desk of a home: what its pages work with."""

from canoe.desk_editing import DeskEditing
from canoe.desk_ingesting import DeskIngesting
from canoe.desk_needing import DeskNeeding
from canoe.home import Home
from desk.accounts import Accounts, Patience
from desk.desk import Desk
from web.render import Service

_MINUTE, _HOUR = 60.0, 3600.0


def accounts(home: Home) -> Accounts:
    """Return the accounts of a home, with the patience of its settings."""
    settings = home.settings.desk
    return Accounts(home.path, Patience(settings.idle_minutes * _MINUTE, settings.session_hours * _HOUR))


def desk(home: Home, service: Service) -> Desk:
    """Return the desk of a home; ``service`` is what its public pages are made from."""
    return Desk(service, accounts(home), DeskIngesting(home), DeskEditing.of(home), DeskNeeding(home))
