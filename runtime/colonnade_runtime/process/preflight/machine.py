"""Machine checks: folders, ports, the socket's path."""

import os
import re
import socket
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from colonnade.errors import ConfigurationError
from colonnade_runtime.adapters.disk.private_files import foreign_folders
from colonnade_runtime.declaration import LoadedPlatform
from colonnade_runtime.declaration.model.networks import networks_of_strangers
from colonnade_runtime.declaration.model.placement import (
    GATEWAY,
    Placement,
    placement_of,
    placements,
)
from colonnade_runtime.network.own_addresses import foreign_hosts, is_foreign
from colonnade_runtime.process.socket_file import address_of, owner_of, socket_path

_PLACE = re.compile(r"^\S+:\d+:\d+: ")

LOCAL = frozenset({"sqlite", "file"})


def machine_refusals(loaded: LoadedPlatform) -> Iterator[str]:
    """A sentence for each thing that a start on this machine would refuse."""
    yield from _lasting_refusals(loaded)
    yield from _ports(loaded)


def _lasting_refusals(loaded: LoadedPlatform) -> Iterator[str]:
    yield from foreign_folders(loaded)
    yield from _folders(loaded)
    yield from _sockets(loaded)
    yield from _hosts(loaded)


def refuse_what_no_start_takes(before: LoadedPlatform, after: LoadedPlatform) -> None:
    """Go on when a start on this machine would take `after` as well as it would take `before`.

    What is amiss with both, such as a folder that has become read-only, is no fault of `after`;
    nor is a port that somebody has at the moment.

    Raises:
        ConfigurationError: with everything that a start would refuse of `after` alone.
    """
    if before.platform == after.platform:
        return
    known = {_without_place(text) for text in _lasting_refusals(before)}
    found = [text for text in _lasting_refusals(after) if _without_place(text) not in known]
    if found:
        raise ConfigurationError("\n".join(found))


def _without_place(sentence: str) -> str:
    return _PLACE.sub("", sentence)


def machine_warnings(loaded: LoadedPlatform) -> Iterator[str]:
    """A sentence for each thing that a start goes on with and that is hardly meant."""
    for index, sentence in networks_of_strangers(loaded.platform.gateway.trusted_proxies):
        place = loaded.origins.locate(["gateway", "trusted_proxies", index])
        yield f"{place}: gateway.trusted_proxies[{index}]: {sentence}"


def store_folders(loaded: LoadedPlatform) -> list[tuple[str, Path]]:
    """The declared address and the folder of every store that is a folder here."""
    addresses = {
        address.url
        for name in loaded.platform.enabled_services
        for _, address in loaded.platform.store_of(name)
        if address is not None and address.scheme in LOCAL
    }
    return [(url, loaded.root / url.partition(":")[2]) for url in sorted(addresses)]


def is_writable(folder: Path) -> bool:
    """True when this account can write to the folder, or make it where it is absent."""
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        return False
    # To root every folder is writable by its permissions, also one of the kernel's, as /proc.
    try:
        with tempfile.TemporaryDirectory(prefix=".colonnade-check-", dir=nearest):
            return True
    except OSError:
        return False


def _folders(loaded: LoadedPlatform) -> Iterator[str]:
    wanted = [folder for _, folder in store_folders(loaded)]
    wanted.append(socket_path(loaded.root, "main").parent)
    for folder in dict.fromkeys(wanted):
        if not is_writable(folder):
            yield f"{folder} cannot be written: make it a folder that this account can write."


def _sockets(loaded: LoadedPlatform) -> Iterator[str]:
    for place in _all_places(loaded):
        try:
            address_of(socket_path(loaded.root, place.name))
        except ConfigurationError as error:
            yield error.message


def addresses(loaded: LoadedPlatform) -> list[tuple[str, int, list[str]]]:
    """Every host and port that is listened on, health included, and the processes that would."""
    owners: dict[tuple[str, int], list[str]] = {}
    for place in _all_places(loaded):
        owners.setdefault((place.host, place.port), []).append(place.name)
        if place.health_port is not None:
            owners.setdefault((place.health_host, place.health_port), []).append(place.name)
    return [(host, port, names) for (host, port), names in sorted(owners.items())]


def _hosts(loaded: LoadedPlatform) -> Iterator[str]:
    found = {told for place in _all_places(loaded) for told in foreign_hosts(place)}
    for key, sentence in sorted(found):
        place = loaded.origins.locate(key.split("."))
        yield f"{place}: {key}: {sentence}" if place.line else f"{key}: {sentence}"


def _ports(loaded: LoadedPlatform) -> Iterator[str]:
    for host, port, names in addresses(loaded):
        if is_foreign(host):
            continue
        refusal = refused_port(host, port)
        # One that this platform listens on already is its own.
        if refusal is not None and not any(owner_of(loaded.root, name) for name in names):
            key = _key(loaded, host, port, names)
            place = loaded.origins.locate(key)
            sentence = f"{'.'.join(key)}: {host}:{port} cannot be listened on: {refusal}."
            yield f"{place}: {sentence}" if place.line else sentence


def _key(loaded: LoadedPlatform, host: str, port: int, names: Sequence[str]) -> list[str]:
    """The key that says the port, or from which it is counted."""
    processes = loaded.platform.processes
    for name in names:
        section = processes.get(name)
        if section is not None and section.gateway.port == port:
            return ["processes", name, "gateway", "port"]
        if section is not None and section.health.port == port:
            return ["processes", name, "health", "port"]
    is_health = port == loaded.platform.gateway.health.port
    return ["gateway", "health", "port"] if is_health else ["gateway", "port"]


def _all_places(loaded: LoadedPlatform) -> list[Placement]:
    # All of it in one process, or the one in front: either may have the platform's own address.
    alone = [placement_of(loaded.platform, None)]
    if loaded.platform.processes:
        alone.append(placement_of(loaded.platform, GATEWAY))
    return [*alone, *placements(loaded.platform)]


def refused_port(host: str, port: int) -> str | None:
    """Reason that the address cannot be listened on; None when it can."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as candidate:
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            candidate.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None
