"""The bus over NATS: operations as micro services, events over JetStream."""

from colonnade_runtime.adapters.bus.nats.bus import NatsBus, nats_bus

__all__ = ["NatsBus", "nats_bus"]
