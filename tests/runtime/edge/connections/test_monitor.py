"""Which connections are closed, and which are not."""

from ipaddress import ip_network

from colonnade_runtime.edge.connections.limits import ConnectionLimits
from colonnade_runtime.edge.connections.monitor import ConnectionMonitor
from colonnade_runtime.edge.connections.sockets import Connection

LIMITS = ConnectionLimits(maximum=100, per_address=10, exempt=[ip_network("10.0.0.0/8")])


def connection(address: str, port: int) -> Connection:
    """One that is idle."""
    return Connection((address, str(port)), 0, 0, False, -1)


def peers(found: list[Connection]) -> set[str]:
    """Their ports, which tell them apart."""
    return {each.peer[1] for each in found}


def test_one_address_has_no_more_than_its_part() -> None:
    watch = ConnectionMonitor(8000, LIMITS)
    many = [connection("192.0.2.1", port) for port in range(12)]
    others = [connection("192.0.2.2", 100)]
    watch.look(many[:3], 0.0)
    watch.begin(("192.0.2.1", "0"))
    late = watch.look(many + others, 1.0)
    # Of those without a request, the ones that wait longest.
    assert peers(late["crowded"]) == {"1", "2"}


def test_proxies_and_this_machine_have_as_many_as_there_are() -> None:
    watch = ConnectionMonitor(8000, LIMITS)
    found = [connection("10.1.2.3", port) for port in range(40)]
    found += [connection("127.0.0.1", 100 + port) for port in range(40)]
    assert watch.look(found, 0.0) == {}


def test_a_crowd_is_thinned_out_by_those_that_wait_longest() -> None:
    watch = ConnectionMonitor(8000, LIMITS)
    first = [connection(f"192.0.2.{number}", 1) for number in range(50)]
    second = [connection(f"198.51.100.{number}", 2) for number in range(45)]
    watch.look(first, 0.0)
    watch.begin(first[0].peer)
    closed = watch.look(first + second, 1.0)["crowded"]
    assert [each.peer for each in closed] == [each.peer for each in first[1:46]]


def test_requests_that_run_are_never_thinned_out() -> None:
    watch = ConnectionMonitor(8000, LIMITS)
    found = [connection(f"192.0.2.{number}", 1) for number in range(100)]
    for each in found:
        watch.begin(each.peer)
    assert watch.look(found, 0.0) == {}


def test_a_drop_of_an_answer_is_no_progress() -> None:
    watch = ConnectionMonitor(8000, LIMITS)
    late = {}
    for second in range(40):
        each = Connection(("192.0.2.1", "1"), 100, second * 10, True, -1)
        late = watch.look([each], float(second)) or late
    assert list(late) == ["answer"]


def test_what_is_gone_is_forgotten() -> None:
    watch = ConnectionMonitor(8000, LIMITS)
    watch.look([connection("192.0.2.1", 1)], 0.0)
    watch.look([], 1.0)
    assert watch.look([connection("192.0.2.1", 1)], 500.0) == {}
