"""Policies decided by an OPA server (https://www.openpolicyagent.org), asked over HTTP."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from colonnade.background_tasks import background_task
from colonnade.errors import Unavailable
from colonnade.policy import (
    Decision,
    PolicyBundle,
    PolicyEngine,
    PolicyError,
    PolicyModule,
    PolicyProblem,
    PolicyQuery,
    parse_decision,
)
from colonnade_runtime.adapters.policy.inspection import ENTRY_PACKAGE
from colonnade_runtime.adapters.policy.opa_server import UNDEFINED, OpaServer
from colonnade_runtime.adapters.policy.packages import Packages
from colonnade_runtime.adapters.policy.program import EngineFault, input_text
from colonnade_runtime.adapters.policy.relocation import relocated
from colonnade_runtime.adapters.policy.verification import missing_actions, verify
from colonnade_runtime.breaker import Breaker

DEFAULT_PORT = 8181
MAX_INPUT = 256 * 1024
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,62}")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A set of policies as it lies on the server.

    The server takes one module at a time, and the answer of half of them looks like a refusal.
    So what is asked is the `seal`, which goes there after all the others.
    """

    revision: str
    place: str
    package: str
    modules: tuple[PolicyModule, ...]
    seal: PolicyModule
    packages: Packages

    async def put_on(self, server: OpaServer) -> None:
        """Put everything there, the seal last."""
        await server.put(self.place, self.modules)
        await server.put(self.place, (self.seal,))

    async def remove_from(self, server: OpaServer) -> None:
        """Take everything away, the seal first."""
        await server.remove(self.place, (self.seal,))
        await server.remove(self.place, self.modules)


class OpaPolicy(PolicyEngine):
    """The engine that asks a server. Whatever is not a well-formed answer in time refuses.

    Policies lie on the server below `prefix` and their revision: platforms share a server, and a
    new revision is taken up by asking elsewhere. `timeout` is in seconds, for one decision. A
    server that lost its policies gets them again; one that does not answer is left alone for a
    while, and everything is refused meanwhile.
    """

    def __init__(
        self,
        server: OpaServer,
        *,
        prefix: str = ENTRY_PACKAGE,
        timeout: float = 1.0,
        breaker: Breaker | None = None,
    ) -> None:
        self._server = server
        self._prefix = prefix
        self._timeout = timeout
        self._breaker = breaker or Breaker()
        self._loaded: _Loaded | None = None
        self._previous: _Loaded | None = None
        self._loading = asyncio.Lock()
        self._restoring: asyncio.Task[None] | None = None

    @property
    def revision(self) -> str:
        """The revision of the loaded policies; empty before the first load."""
        return self._loaded.revision if self._loaded is not None else ""

    async def load(self, bundle: PolicyBundle) -> str:
        """Inspect, try out as for the embedded engine, put on the server, then swap.

        Raises:
            PolicyError: with everything that is wrong; what was loaded before stays.
            Unavailable: when the server does not answer; what was loaded before stays.
        """
        async with self._loading:
            # The same gate as for the embedded engine: what one would read otherwise, or
            # not survive, is not policy here either.
            packages = await verify(bundle.modules, bundle.actions)
            fresh = self._placed(bundle, packages)
            await self._put(fresh, bundle.actions)
            outdated, self._previous, self._loaded = self._previous, self._loaded, fresh
            # The one before stays: another process may still be asking it.
            if outdated is not None and outdated.revision != fresh.revision:
                await self._discard(outdated)
        return fresh.revision

    async def decide(self, query: PolicyQuery) -> Decision:
        """The policies' answer; a failed refusal when there is none."""
        loaded = self._loaded
        if loaded is None:
            return self._failed(query, "no policies are loaded")
        try:
            document = loaded.packages.told(query.input(), query.action)
            if len(input_text(document).encode()) > MAX_INPUT:
                return self._failed(query, f"the input is larger than {MAX_INPUT} bytes")
            async with asyncio.timeout(self._timeout):
                answer = await self._answer(loaded, document)
        except (EngineFault, Unavailable, PolicyError, UnicodeEncodeError) as fault:
            return self._failed(query, str(fault).rstrip("."))
        except TimeoutError:
            self._did_not_answer()
            return self._failed(query, f"no answer within {self._timeout:g} s")
        decision = parse_decision(
            answer,
            action=query.action,
            resource_type=query.resource_type,
            revision=loaded.revision,
            granting=loaded.packages.granting_rules(query.action),
            narrowing=loaded.packages.narrowing_rules(),
        )
        if decision.failed:
            _log.error("policy answer malformed", action=query.action, reason=decision.reason)
        return decision

    async def check(self) -> str | None:
        """Ask the server which actions its policies know; a sentence when it does not answer."""
        loaded = self._loaded
        if loaded is None:
            return None
        try:
            async with asyncio.timeout(self._timeout):
                await self._server.ask(loaded.package, "actions", {})
        except TimeoutError:
            return f"The policy server at {self._server.name} gave no answer in {self._timeout:g} s"
        except (EngineFault, Unavailable) as error:
            return str(error)
        return None

    async def close(self) -> None:
        """Let go of the connections; the policies stay on the server for others."""
        self._loaded = self._previous = None
        restoring, self._restoring = self._restoring, None
        if restoring is not None:
            restoring.cancel()
            await asyncio.gather(restoring, return_exceptions=True)
        await self._server.close()

    async def _answer(self, loaded: _Loaded, document: Mapping[str, object]) -> object:
        answer = await self._ask(loaded, "decision", document)
        if answer is UNDEFINED:
            await self._restored(loaded)
            answer = await self._ask(loaded, "decision", document)
        if answer is UNDEFINED:
            raise EngineFault("the result is undefined")
        return answer

    async def _ask(self, loaded: _Loaded, rule: str, document: Mapping[str, object]) -> object:
        if not self._breaker.may_try():
            raise Unavailable(
                "The policy server is not answering.",
                reason=f"The policy server at {self._server.name} is not answering.",
            )
        try:
            answer = await self._server.ask(loaded.package, rule, document)
        except Unavailable:
            self._did_not_answer()
            raise
        except EngineFault:
            self._breaker.succeeded()
            raise
        self._breaker.succeeded()
        return answer

    def _did_not_answer(self) -> None:
        if self._breaker.failed():
            _log.error("policy server does not answer; everything is refused", at=self._server.name)

    async def _put(self, placed: _Loaded, actions: Mapping[str, str]) -> None:
        await placed.put_on(self._server)
        known = await self._server.ask(placed.package, "actions", {})
        if not isinstance(known, list):
            raise PolicyError([_not_there(self._server.name)])
        problems = missing_actions(actions, [str(action) for action in known])
        if problems:
            raise PolicyError(problems)

    async def _restored(self, loaded: _Loaded) -> None:
        """Put the policies on a server that came back without them; once for all who ask."""
        if self._restoring is None or self._restoring.done():
            _log.warning("policy server lost its policies; putting them back", at=self._server.name)
            self._restoring = background_task(loaded.put_on(self._server), name="policies put back")
        await asyncio.shield(self._restoring)

    async def _discard(self, outdated: _Loaded) -> None:
        try:
            await outdated.remove_from(self._server)
        except Unavailable as error:
            _log.warning("old policies stay on the server", revision=outdated.revision, why=error)

    def _placed(self, bundle: PolicyBundle, packages: Packages) -> _Loaded:
        prefix = f"{self._prefix}.r{bundle.revision}"
        entry = f"data.{prefix}.{ENTRY_PACKAGE}"
        seal = (
            f"package {prefix}.sealed\n\n"
            f"decision := {entry}.decision\n\nactions := {entry}.actions\n"
        )
        modules = tuple(relocated(module, prefix) for module in bundle.modules)
        place = f"{self._prefix}/{bundle.revision}"
        sealing = PolicyModule("sealed", seal)
        return _Loaded(bundle.revision, place, f"{prefix}.sealed", modules, sealing, packages)

    def _failed(self, query: PolicyQuery, why: str) -> Decision:
        reason = f"'{query.action}' could not be decided: {why}."
        _log.error("policy failed", action=query.action, reason=reason)
        return Decision.refuse(
            query.action, query.resource_type, reason, revision=self.revision, failed=True
        )


def _not_there(server: str) -> PolicyProblem:
    message = f"the policy server at {server} took the policies and does not answer from them."
    return PolicyProblem("policies", 0, 0, message)


def opa_policy(url: str, *, password: str | None = None, timeout: float = 1.0) -> OpaPolicy:
    """The factory behind `policy: opa+http://host:8181/<prefix>` and `opa+https:`.

    `password` is sent as a bearer token.

    Raises:
        ValueError: when the URL says what it cannot.
    """
    parts = urlsplit(url)
    prefix = parts.path.strip("/") or ENTRY_PACKAGE
    if not parts.hostname or parts.query or parts.username:
        raise ValueError("Write opa+http://host:8181/<prefix>; the prefix may be left out.")
    if not _PREFIX.fullmatch(prefix):
        raise ValueError(f"The prefix '{prefix}' is not of the form a-z, 0-9 and _.")
    server = OpaServer(
        parts.hostname,
        parts.port or DEFAULT_PORT,
        secure=parts.scheme == "opa+https",
        token=password,
        timeout=timeout,
    )
    return OpaPolicy(server, prefix=prefix, timeout=timeout)
