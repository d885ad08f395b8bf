"""Policies decided by an OPA server (https://www.openpolicyagent.org), asked over HTTP."""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom
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
    PolicyQuery,
    parse_decision,
)
from colonnade_runtime.adapters.policy.opa.package_prefix import with_package_prefix
from colonnade_runtime.adapters.policy.opa.server import UNDEFINED, OpaServer, name_at
from colonnade_runtime.adapters.policy.opa.server_watch import OpaServerWatch
from colonnade_runtime.adapters.policy.rego.consulted_packages import ConsultedPackages
from colonnade_runtime.adapters.policy.rego.deny_attribution import with_deny_rules
from colonnade_runtime.adapters.policy.rego.module_inspection import ENTRY_PACKAGE
from colonnade_runtime.adapters.policy.rego.program import EngineFault, input_text
from colonnade_runtime.adapters.policy.trial.verification import missing_actions, verify
from colonnade_runtime.observability.failures import failure_in_words
from colonnade_runtime.resilience.breaker import Breaker

DEFAULT_PORT = 8181
MAX_INPUT = 256 * 1024
COMPARED_SECONDS = 10.0
"""How often what lies on the server is compared with what was put there."""

_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,62}")

_RANDOM = SystemRandom()
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
    packages: ConsultedPackages

    @property
    def root(self) -> tuple[str, ...]:
        """The package below which everything is ours."""
        return tuple(self.package.split("."))[:-1]

    @property
    def named(self) -> dict[str, PolicyModule]:
        """Every module by its name on the server."""
        return {name_at(self.place, module): module for module in (*self.modules, self.seal)}

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
    while, and everything is refused meanwhile. Every `interval` seconds what lies there is
    compared with what was put there: what was changed is put back, and while others say something
    in our packages, everything is refused.
    """

    def __init__(
        self,
        server: OpaServer,
        *,
        prefix: str = ENTRY_PACKAGE,
        timeout: float = 1.0,
        breaker: Breaker | None = None,
        interval: float = COMPARED_SECONDS,
    ) -> None:
        self._interval = interval
        self.watch = OpaServerWatch(server)
        self._watching: asyncio.Task[None] | None = None
        self._server = server
        self._prefix = prefix
        self._timeout = timeout
        self._breaker = breaker or Breaker()
        self.loaded: _Loaded | None = None
        self._previous: _Loaded | None = None
        self._loading = asyncio.Lock()
        self._restoring: asyncio.Task[None] | None = None

    @property
    def revision(self) -> str:
        """The revision of the loaded policies; empty before the first load."""
        return self.loaded.revision if self.loaded is not None else ""

    async def load(self, bundle: PolicyBundle) -> str:
        """Inspect, try out as for the embedded engine, put on the server, then swap.

        Raises:
            PolicyError: with everything that is wrong; what was loaded before stays.
            Unavailable: when the server does not answer; what was loaded before stays.
        """
        async with self._loading:
            # The same gate as for the embedded engine: what one would read otherwise, or
            # not survive, is not policy here either.
            packages = await verify(bundle)
            fresh = self._placed(bundle, packages)
            await self._put(fresh, bundle.actions)
            await self.watch.look(fresh)
            outdated, self._previous, self.loaded = self._previous, self.loaded, fresh
            self._watch()
            # The one before stays: another process may still be asking it.
            if outdated is not None and outdated.revision != fresh.revision:
                await self._discard(outdated)
        return fresh.revision

    async def decide(self, query: PolicyQuery) -> Decision:
        """The policies' answer; a failed refusal when there is none."""
        loaded = self.loaded
        if loaded is None:
            return self._failed(query, "no policies are loaded")
        if self.watch.is_lost:
            return self._failed(query, "others say something in our packages on the policy server")
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
        except Exception as error:
            return self._failed(query, failure_in_words(error))
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
        return await with_deny_rules(
            decision, query, loaded.packages, lambda asked: self._in_time(loaded, asked)
        )

    def generalised(self, query: PolicyQuery) -> PolicyQuery | None:
        """The question without what the policies do not look at, or nothing."""
        return None if self.loaded is None else self.loaded.packages.generalised(query)

    async def _in_time(self, loaded: _Loaded, document: Mapping[str, object]) -> object:
        async with asyncio.timeout(self._timeout):
            return await self._answer(loaded, document)

    async def check(self) -> str | None:
        """Ask the server which actions its policies know; a sentence when it does not answer, or
        when something else lies there than was put there."""
        loaded = self.loaded
        if loaded is None:
            return None
        if self.watch.problem:
            return self.watch.problem
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
        self.loaded = self._previous = None
        running = [task for task in (self._restoring, self._watching) if task is not None]
        self._restoring = self._watching = None
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await self._server.close()

    def on_distrust(self, forget: Callable[[], None]) -> None:
        """Call `forget` when what was decided so far may have been decided by others."""
        self.watch.on_loss(forget)

    def _watch(self) -> None:
        if self._watching is None:
            self._watching = background_task(self._compare(), name="policies compared")

    async def _compare(self) -> None:
        while True:
            await asyncio.sleep(self._interval * (0.8 + 0.2 * _RANDOM.random()))
            loaded = self.loaded
            if loaded is not None:
                await self.watch.look(loaded)

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
        try:
            known = await self._server.ask(placed.package, "actions", {})
        except EngineFault as fault:
            raise self._not_there(str(fault)) from None
        # That the policies know the actions was found out here; another answer is not theirs.
        texts = (
            {action for action in known if isinstance(action, str)}
            if isinstance(known, list)
            else set()
        )
        problems = missing_actions(actions, sorted(texts))
        if problems:
            raise self._not_there(str(problems[0]))

    def _not_there(self, why: str) -> Unavailable:
        return Unavailable(
            "The policy server does not answer.",
            reason=f"The policy server at {self._server.name} took the policies and does not "
            f"answer from them ({why.rstrip('.')}).",
        )

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

    def _placed(self, bundle: PolicyBundle, packages: ConsultedPackages) -> _Loaded:
        prefix = f"{self._prefix}.r{bundle.revision}"
        entry = f"data.{prefix}.{ENTRY_PACKAGE}"
        seal = (
            f"package {prefix}.sealed\n\n"
            f"decision := {entry}.decision\n\nactions := {entry}.actions\n"
        )
        modules = tuple(with_package_prefix(module, prefix) for module in bundle.modules)
        place = f"{self._prefix}/{bundle.revision}"
        sealing = PolicyModule("sealed", seal)
        return _Loaded(bundle.revision, place, f"{prefix}.sealed", modules, sealing, packages)

    def _failed(self, query: PolicyQuery, why: str) -> Decision:
        reason = f"'{query.action}' could not be decided: {why}."
        _log.error("policy failed", action=query.action, reason=reason)
        return Decision.refuse(
            query.action, query.resource_type, reason, revision=self.revision, failed=True
        )


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
