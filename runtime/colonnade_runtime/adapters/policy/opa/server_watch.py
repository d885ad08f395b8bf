"""Watch over an OPA server: it must still say what was put there, and nothing else."""

from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from colonnade.errors import Unavailable
from colonnade.policy import PolicyModule
from colonnade_runtime.adapters.policy.opa.inventory import Inventory, Path
from colonnade_runtime.adapters.policy.opa.server import OpaServer

_log = structlog.get_logger(__name__)


class Placed(Protocol):
    """A set of policies that was put on a server."""

    @property
    def root(self) -> Path:
        """The package below which everything is ours."""
        ...

    @property
    def named(self) -> Mapping[str, PolicyModule]:
        """Every module by its name on the server."""
        ...

    async def put_on(self, server: OpaServer) -> None:
        """Put everything there."""
        ...


class OpaServerWatch:
    """Compares what lies on the server, and puts back what was changed.

    `problem` says in a sentence what was found at the last look; `is_lost` while others say
    something in our packages. Nothing of others is removed: who put it there may still need to be
    found out.
    """

    def __init__(self, server: OpaServer) -> None:
        self._server = server
        self._forget: list[Callable[[], None]] = []
        self._cannot_look = False
        self.is_lost = False
        self.problem = ""

    def on_loss(self, forget: Callable[[], None]) -> None:
        """Call `forget` when what was decided so far may have been decided by others."""
        self._forget.append(forget)

    async def look(self, placed: Placed) -> None:
        """Compare once; where the server does not say, what was found before still holds."""
        try:
            found = await self._server.inventory(placed.named, placed.root)
        except Unavailable as error:
            if not self._cannot_look:
                _log.warning("what lies on the policy server cannot be compared", why=str(error))
            self._cannot_look = True
            return
        self._cannot_look = False
        self.is_lost = bool(found.foreign)
        if found.is_ours:
            self._recovered()
            return
        self._differs(found)
        if found.missing or found.changed:
            await self._put_back(placed)

    def _recovered(self) -> None:
        if self.problem:
            _log.warning("the policy server says what was put there again", at=self._server.name)
        self.problem = ""

    def _differs(self, found: Inventory) -> None:
        problem = (
            f"On the policy server at {self._server.name} lies something else than was put there: "
            f"{found.differences}."
        )
        if problem != self.problem:
            _log.error("policies on the server were changed", problem=problem)
        self.problem = problem
        for forget in self._forget:
            forget()

    async def _put_back(self, placed: Placed) -> None:
        try:
            await placed.put_on(self._server)
        except Exception as error:
            _log.error("policies cannot be put back", error=error)
