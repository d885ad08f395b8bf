"""Hosts that are no address of this machine: the key that says each is named."""

import pytest

from colonnade_runtime.declaration.model.placement import placements
from colonnade_runtime.declaration.model.platform import Platform
from colonnade_runtime.network.own_addresses import foreign_hosts, is_foreign


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_an_address_of_this_machine_is_not_foreign(host: str) -> None:
    assert not is_foreign(host)


@pytest.mark.parametrize("host", ["203.0.113.9", "nosuch.invalid"])
def test_every_key_that_says_a_host_is_named(host: str) -> None:
    process: dict[str, object] = {
        "services": ("user",),
        "gateway": {"host": host},
        "health": {"port": 0},
    }
    assert _keys(processes={"a": process}) == ["processes.a.gateway.host"]
    process |= {"gateway": {}, "health": {"port": 0, "host": host}}
    assert _keys(processes={"a": process}) == ["processes.a.health.host"]
    process |= {"health": {"port": 0}}
    front = {"health": {"host": host}}
    assert _keys(processes={"a": process}, gateway=front) == ["gateway.health.host"]
    assert _keys(processes={"a": process}, gateway={"host": host}) == ["gateway.host"]


def _keys(**declared: object) -> list[str]:
    said = {"version": 1, "environment": "development", "services": {"user": {}}, **declared}
    [place] = placements(Platform.model_validate(said))
    return [key for key, _ in foreign_hosts(place)]
