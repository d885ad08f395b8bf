"""Hosts to listen on that are no address of this machine."""

import errno
import socket
from collections.abc import Iterator

from colonnade.errors import ConfigurationError
from colonnade_runtime.declaration.model.placement import Placement

_FOREIGN = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})


def refuse_foreign_hosts(place: Placement) -> None:
    """Go on when the process can listen on its hosts, whatever the ports.

    Raises:
        ConfigurationError: naming the key of a host that is not an address of this machine.
    """
    for key, sentence in foreign_hosts(place):
        raise ConfigurationError(f"{key}: {sentence}")


def foreign_hosts(place: Placement) -> Iterator[tuple[str, str]]:
    """The key of each host that cannot be listened on here, and a sentence with the cure."""
    hosts = {place.host_key: place.host}
    if place.health_port is not None:
        hosts[place.health_host_key] = place.health_host
    for key, host in hosts.items():
        reason = _reason(host)
        if reason is not None:
            yield (
                key,
                (
                    f"{host} is not an address of this machine ({reason}); say one that is,"
                    " such as 127.0.0.1, or 0.0.0.0 for all of them."
                ),
            )


def is_foreign(host: str) -> bool:
    """True when `host` is no address of this machine."""
    return _reason(host) is not None


def _reason(host: str) -> str | None:
    """Reason that not even a free port of the host can be had; None when one can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as candidate:
            candidate.bind(address)
    except (socket.gaierror, UnicodeError) as error:
        return getattr(error, "strerror", None) or str(error)
    except OSError as error:
        return error.strerror if error.errno in _FOREIGN else None
    return None
