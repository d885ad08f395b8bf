"""A real process with a part of it taken away that a test does not need."""

from dataclasses import dataclass, field

from colonnade.policy import PolicyEngine
from colonnade_runtime.assembly.adapters import Adapters
from colonnade_runtime.assembly.services import Services
from colonnade_runtime.process.runtime import Runtime


class RuntimeWithoutHttp(Runtime):
    """Operations are asked through the dispatcher, as HTTP would."""

    def _open(self, services: Services) -> None:
        """Open no edge: nobody calls over HTTP."""


@dataclass(frozen=True)
class SharedEngineAdapters(Adapters):
    """Adapters as declared, but for the policy engine, which many processes share."""

    engine: PolicyEngine = field(kw_only=True)

    def policy_engine(self) -> PolicyEngine:
        """The engine that was given."""
        return self.engine
