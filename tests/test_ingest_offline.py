"""What decodes files reaches no network: neither a worker nor what it starts."""

import socket

import pytest
from scans import LIMITS
from worker_tasks import open_in_a_child, open_socket

from ingest.offline import can_go_offline
from ingest.workers import Failed, Workers


@pytest.mark.skipif(not can_go_offline(), reason="this system knows no filter of system calls")
def test_a_worker_gets_no_socket_and_its_children_none() -> None:
    families = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
    found: dict[int, object] = {}
    with Workers[int](1, LIMITS) as workers:
        for family in families:
            workers.submit(family, open_socket, family)
        workers.submit(-1, open_in_a_child)
        while len(workers):
            found.update(workers.results())
    for family in families:
        result = found[family]
        assert isinstance(result, Failed)
        assert isinstance(result.error, PermissionError)
    assert "PermissionError" in str(found[-1])


def test_this_process_is_left_as_it_was() -> None:
    can_go_offline()
    assert open_socket(socket.AF_INET) == "open"
