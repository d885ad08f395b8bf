"""Networks of proxies: those that hold strangers are told."""

from ipaddress import ip_network

import pytest

from colonnade_runtime.declaration.model.networks import networks_of_strangers


@pytest.mark.parametrize("network", ["0.0.0.0/0", "128.0.0.0/1", "::/0", "2000::/3"])
def test_a_network_of_strangers_is_told(network: str) -> None:
    networks = [ip_network("10.0.0.0/8"), ip_network(network)]
    [(index, sentence)] = networks_of_strangers(networks)
    assert index == 1
    assert sentence.startswith(f"{network} holds addresses of strangers")


@pytest.mark.parametrize("network", ["10.0.0.0/8", "127.0.0.1", "fc00::/7", "2001:db8:12::/48"])
def test_a_network_of_proxies_is_not(network: str) -> None:
    assert list(networks_of_strangers([ip_network(network)])) == []
