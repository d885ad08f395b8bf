"""Where processes are: ports in order, replicas behind each other, and names that do not exist."""

import pytest

from colonnade.errors import ConfigurationError
from colonnade_runtime.declaration.model.placement import placement_of, placements
from colonnade_runtime.declaration.model.platform import Platform

DECLARED = {
    "version": 1,
    "environment": "development",
    "bus": {"url": "nats://127.0.0.1:4222"},
    "services": {"user": {}, "course": {}, "content": {}},
    "processes": {
        "people": {"services": ("user",), "replicas": 2},
        "learning": {"services": ("course",), "gateway": {"port": 9100, "host": "10.0.0.2"}},
        "files": {"services": ("content",)},
    },
}


@pytest.fixture
def platform() -> Platform:
    return Platform.model_validate(DECLARED)


def test_each_process_has_a_port_of_its_own(platform: Platform) -> None:
    found = {place.name: (place.host, place.port) for place in placements(platform)}
    assert found == {
        "people": ("127.0.0.1", 8001),
        "people-2": ("127.0.0.1", 8002),
        "learning": ("10.0.0.2", 9100),
        "files": ("127.0.0.1", 8003),
    }


def test_ports_that_are_said_are_passed_over() -> None:
    processes = {
        "people": {"services": ("user",), "replicas": 2},
        "learning": {"services": ("course",), "replicas": 2, "gateway": {"port": 8002}},
        "files": {"services": ("content",)},
    }
    found = placements(Platform.model_validate({**DECLARED, "processes": processes}))
    assert [(place.name, place.port) for place in found] == [
        ("people", 8004), ("people-2", 8005), ("learning", 8002), ("learning-2", 8003),
        ("files", 8006),
    ]  # fmt: skip


def test_where_the_gateway_takes_a_free_port_all_do(platform: Platform) -> None:
    free = platform.gateway.model_copy(update={"port": 0})
    found = placements(platform.model_copy(update={"gateway": free}))
    assert [place.port for place in found] == [0, 0, 9100, 0]


def test_without_a_name_everything_runs_in_one(platform: Platform) -> None:
    everything = placement_of(platform, None)
    assert everything.services == ("user", "course", "content")
    assert (everything.name, everything.port) == ("main", 8000)


def test_the_gateway_hosts_nothing(platform: Platform) -> None:
    assert placement_of(platform, "gateway").services == ()


@pytest.mark.parametrize(
    ("process", "replica", "said"),
    [
        ("learnin", 1, "did you mean 'learning'"),
        ("people", 3, "has 2 replicas"),
        ("main", 1, "there are people, learning, files, gateway"),
    ],
)
def test_a_process_that_is_not_declared_is_named(
    platform: Platform, process: str, replica: int, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        placement_of(platform, process, replica)


def test_a_platform_without_processes_has_none_to_start() -> None:
    whole = Platform.model_validate({**DECLARED, "processes": {}})
    with pytest.raises(ConfigurationError, match="declares no 'processes'"):
        placement_of(whole, "web")
