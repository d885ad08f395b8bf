"""The bus of a process, as the declaration names it."""

from colonnade.bus import Bus
from colonnade_runtime.adapters.bus import bus_adapters
from colonnade_runtime.assembly.adapters import no_adapter
from colonnade_runtime.declaration import LoadedPlatform


def make_bus(loaded: LoadedPlatform) -> Bus:
    """The declared bus, not started.

    Raises:
        ConfigurationError: when there is no adapter for it.
    """
    address = loaded.platform.bus
    factory = bus_adapters().get(address.scheme)
    if factory is None:
        raise no_adapter(loaded, ("bus",), address.scheme, bus_adapters())
    return factory()
