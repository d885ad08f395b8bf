"""`ServiceBench`: one or more services on the real dispatcher, for the tests of their authors."""

import tempfile
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import httpx
import msgspec

from colonnade.bus import header_text
from colonnade.context import Principal, PrincipalKind, use_context
from colonnade.errors import ConfigurationError
from colonnade.events import Envelope, Event, event_source, event_type_of
from colonnade.identifiers import new_id
from colonnade.messages import Message, Request
from colonnade.operations import operation_of
from colonnade_runtime.calls.row_cache import CachedAnswer
from colonnade_runtime.testing.bench import argument_checks as check
from colonnade_runtime.testing.bench.companions import bench_plugins
from colonnade_runtime.testing.bench.declared_files import (
    BenchDeclaration,
    Keys,
    missing_reload_hooks,
    read_files,
    write_files,
)
from colonnade_runtime.testing.bench.failures import errors_told, raise_last
from colonnade_runtime.testing.bench.logs import logs_of_run
from colonnade_runtime.testing.bench.process import SCHEME, BenchProcess, delivery_settings
from colonnade_runtime.testing.bench.quiet import Quiet, until
from colonnade_runtime.testing.bench.services_under_test import SECONDS, ServicesUnderTest
from colonnade_runtime.testing.bench.stubs import Answer, RequestT, Stub

EventT = TypeVar("EventT", bound=Event)
ResponseT = TypeVar("ResponseT", bound=Message)


class ServiceBench(ServicesUnderTest):
    """The services of `plugins` in a process of their own, on an empty store.

    async with ServiceBench(quiz_plugin) as bench:
        item = await bench.ask(CreateQuizItem(title="One"), as_=bench.person(roles={"owner"}))

    Dispatcher, policies, store, outbox, inbox, sagas and schedules are those of a platform. The
    bus is the memory bus, the clock `bench.clock`. Services that the plugins require and that are
    not given do not run: `stub` says what they answer. `config`, `tenants`, `platform` and
    `policies` are what an operator would declare; see `BenchDeclaration`. A reaction that fails
    is tried `attempts` times; one that says `Unavailable`, for `patience` seconds. `folder` is
    where the files are; by default one that is removed. Benches with different `replica` numbers,
    1 and up, may have one folder at the same time.
    """

    def __init__(
        self,
        *plugins: ModuleType,
        config: Mapping[str, Keys] | None = None,
        tenants: Mapping[str, Keys] | Sequence[str] = ("acme",),
        platform: Keys | None = None,
        policies: Mapping[str, str] | Path | None = None,
        attempts: int = 1,
        patience: float = 0.0,
        folder: Path | None = None,
        replica: int | None = None,
    ) -> None:
        """Declare the bench; it starts when it is entered.

        Raises:
            ConfigurationError: an argument is not of the form that is meant.
        """
        check.check_plugins(plugins)
        check.check_config(config or {})
        check.check_tenants(tenants)
        check.check_policies(policies or {})
        declaration = BenchDeclaration(
            config or {}, _by_name(tenants), platform or {}, policies or {}
        )
        super().__init__(plugins, declaration)
        self._delivery = delivery_settings(attempts, patience)
        self._folder = folder
        self._replica = replica
        self._stack = AsyncExitStack()
        self._stubs: dict[type[Request[Any]], Stub[Any]] = {}

    async def __aenter__(self) -> Self:
        """Start the services.

        Raises:
            PluginError: a plugin cannot be loaded.
            DeclarationError: what was declared is wrong.
            ConfigurationError: a plugin cannot be set up.
        """
        self._plugins = bench_plugins(self._modules)
        async with AsyncExitStack() as stack:
            stack.enter_context(logs_of_run())
            self.folder = self._folder or Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True)
                )
            )
            write_files(self.folder, self._plugins, self._declaration)
            declared = read_files(self.folder, self._plugins)
            process = BenchProcess(
                declared, self._plugins.hosted, self.clock, self._delivery, self._replica
            )
            for stub in self._stubs.values():
                self._stand_in(process, stub)
            await process.start()
            stack.push_async_callback(process.stop)
            self._process = process
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the services in order, and remove their files."""
        self._process = None
        await self._stack.aclose()

    def person(
        self,
        *,
        roles: Collection[str] = (),
        person_id: UUID | str | None = None,
        attributes: Mapping[str, str] | None = None,
    ) -> Principal:
        """Principal of somebody who is signed in; nobody has to register them. `person_id` is
        the id of an account that the test has made, or a new one.

        Raises:
            ConfigurationError: `roles` is a text, or names a role that no plugin here gives.
        """
        check.check_roles(roles, bench_plugins(self._modules).roles)
        pairs = tuple(sorted((attributes or {}).items()))
        return Principal(
            PrincipalKind.USER, str(person_id or new_id()), tuple(sorted(roles)), pairs
        )

    def service(self, name: str, *, on_behalf_of: str | None = None) -> Principal:
        """A service that asks for itself."""
        return Principal.service(name, on_behalf_of=on_behalf_of)

    async def ask(
        self,
        request: Request[ResponseT],
        *,
        as_: Principal | None = None,
        tenant: str | None = None,
        expected_versions: frozenset[int] | None = None,
        incoming: Any = None,
        idempotency_key: str | None = None,
        seconds: float = SECONDS,
    ) -> ResponseT:
        """Ask an operation of a service under test, as HTTP and the bus do; a stranger asks
        unless `as_` says who.

        Raises:
            ColonnadeError: what the policy or the handler refuses, and what it becomes to a
                caller when a library raises it, such as a `Conflict` for a `ConstraintViolated`.
            ConfigurationError: no service under test offers the operation.
            Exception: a mistake of the service, for which a caller gets an `InternalError`.
        """
        check.check_principal(as_)
        check.check_request(request)
        self._check_hosted(type(request))
        principal = Principal.anonymous() if as_ is None else as_
        with use_context(self.context(principal, tenant=tenant, seconds=seconds)), errors_told():
            answer: ResponseT = await self._running.dispatcher.do(
                request,
                expected_versions=expected_versions,
                incoming=incoming,
                idempotency_key=idempotency_key,
            )
        return answer

    def client(
        self, as_: Principal | None = None, *, tenant: str | None = None
    ) -> httpx.AsyncClient:
        """A client of a tenant's HTTP API, without a socket; closed with the bench.

        Raises:
            ConfigurationError: `as_` is no principal.
        """
        check.check_principal(as_)
        self._running.open_http()
        headers = {}
        if as_ is not None:
            headers["Authorization"] = f"{SCHEME} {self._running.callers.token_of(as_)}"
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(self._running.edge),  # type: ignore[arg-type]
            base_url=self._running.tenants.entry(tenant or self.tenants[0]).info.url,
            headers=headers,
        )
        self._stack.push_async_callback(client.aclose)
        return client

    def kept_answer(
        self, request: Request[Any], *, as_: Principal | None = None, tenant: str | None = None
    ) -> CachedAnswer | None:
        """The answer to a cached read that is kept for this principal, if it still holds; its
        `reads` are the rows and tables that it depends on."""
        operation = operation_of(type(request))
        context = self.context(as_ or Principal.anonymous(), tenant=tenant)
        return self._running.dispatcher.kept(operation, request.encode(), context)

    def stub(self, request: type[RequestT], answer: Answer) -> Stub[RequestT]:
        """Answer an operation of a service that does not run, from now on; before the bench is
        entered, from the start.

        `answer` is a message, an error, or a function of the request that returns or raises one.

        Raises:
            ConfigurationError: a service under test offers the operation, or none declares in
                `requires` that it asks its service, or `answer` is none of the three.
            PluginError: a plugin cannot be loaded.
        """
        check.check_answer(request, answer)
        operation, plugins = operation_of(request), bench_plugins(self._modules)
        if operation.service in plugins.hosted:
            raise ConfigurationError(
                f"{request.__name__} is answered by the '{operation.service}' service itself,"
                " which is under test; a stub would take its place."
            )
        if operation.service not in plugins.requires:
            raise ConfigurationError(
                f"No service under test may ask {request.__name__}: add '{operation.service}' to"
                " `requires` in the plugin_info of the one that does."
            )
        return self._stubbed(request, answer)

    async def deliver(
        self,
        event: Event,
        *,
        tenant: str | None = None,
        event_id: UUID | None = None,
        time: datetime | None = None,
        actor: UUID | str = "",
    ) -> None:
        """Bring an event over the bus, and wait until every reaction to it has taken effect.

        Raises:
            ConfigurationError: no service under test reacts to it.
            AssertionError: it was given up before any reaction was tried.
            Exception: what a reaction raised on its last attempt.
        """
        declared = event_type_of(type(event))
        if not self._reacts(declared.type):
            raise ConfigurationError(f"No service under test reacts to {declared.name}.")
        key, tenant = str(getattr(event, declared.key)), tenant or self.tenants[0]
        envelope = Envelope(
            id=event_id or new_id(),
            source=event_source(tenant, declared.service),
            type=declared.type,
            subject=key,
            time=time or self.clock.now(),
            tenant=tenant,
            actor=str(actor),
            data=msgspec.Raw(event.encode()),
        )
        await self._running.bench_bus.publish(
            declared.type,
            f"{tenant}/{declared.aggregate}/{key}",
            str(envelope.id),
            envelope.encode(),
        )
        raise_last(self._running.failures.take(envelope.id))
        await self._expect_no_letter(envelope)

    async def published(
        self, model: type[EventT] | None = None, *, tenant: str | None = None
    ) -> list[EventT]:
        """The events that the services under test have committed: of one model, or all; each
        service's in the order of its commits, sent or not."""
        return [event for _, event in await self.envelopes(model, tenant=tenant)]

    async def envelopes(
        self, model: type[EventT] | None = None, *, tenant: str | None = None
    ) -> list[tuple[Envelope, EventT]]:
        """Events as `published` lists them, with the envelope of each."""
        found: list[tuple[Envelope, EventT]] = []
        for service in self._plugins.hosted:
            plugin = self._plugins.plugins.services[service]
            models = {event_type_of(each).type: each for each in plugin.events}
            if model is not None:
                models = {type_: each for type_, each in models.items() if each is model}
            if models:
                found += await self._outbox(service, models, tenant)
        return found

    async def settle(self, seconds: float = SECONDS) -> None:
        """Wait until nothing is left to do: every event was handled, no saga has a step due.

        Raises:
            AssertionError: something is still left after `seconds`.
            Exception: what a reaction raised meanwhile.
        """
        quiet = Quiet(self._running.background, self.clock, self.tenants)
        await until(quiet.holds, seconds, lambda: "; ".join(quiet.left) or "something moves")
        raise_last(self._running.failures.take())

    async def until(
        self, holds: Callable[[], Awaitable[bool]], *, seconds: float = SECONDS
    ) -> None:
        """Wait until something holds.

        Raises:
            AssertionError: it does not after `seconds`.
        """
        await until(holds, seconds, lambda: "what was waited for does not hold")

    async def declare(
        self,
        *,
        config: Mapping[str, Keys] | None = None,
        tenants: Mapping[str, Keys] | None = None,
    ) -> None:
        """Declare other configuration or tenants, and take them up as a reload does.

        Raises:
            ConfigurationError: it was refused, or needs a restart, as every change of the
                configuration of a plugin without the hook `can_reload` does.
        """
        check.check_config(config or {})
        check.check_tenants(tenants or {})
        before = self._declaration
        self._declaration = replace(
            before,
            config=before.config if config is None else config,
            tenants=before.tenants if tenants is None else tenants,
        )
        write_files(self.folder, self._plugins, self._declaration)
        await self._running.reloader.reload()
        faults = [each for each in self.faults() if each.source == "platform"]
        if faults:
            silent = missing_reload_hooks(self._plugins, before, self._declaration)
            raise ConfigurationError(f"{faults[0].sentence}{silent}")

    def _check_hosted(self, request: type[Request[Any]]) -> None:
        operation, hosted = operation_of(request), bench_plugins(self._modules).hosted
        if operation.service not in hosted:
            raise ConfigurationError(
                f"{request.__name__} is an operation of the '{operation.service}' service, which "
                f"is not under test; {', '.join(hosted)} is. Give its plugin to ServiceBench as "
                "well; or, where your service is what asks it, say what it answers with "
                f"bench.stub({request.__name__}, …)."
            )

    def _stubbed(self, request: type[RequestT], answer: Answer) -> Stub[RequestT]:
        known = self._stubs.get(request)
        if known is not None:
            known.answer = answer
            return known
        stub = self._stubs[request] = Stub(request, answer)
        if self._process is not None:
            self._stand_in(self._process, stub)
        return stub

    def _stand_in(self, process: BenchProcess, stub: Stub[Any]) -> None:
        process.bench_bus.stand_in(
            stub.operation.subject,
            lambda payload, header: stub.serve(
                process.signer, payload, header_text(header), self.clock.epoch()
            ),
        )

    async def _expect_no_letter(self, envelope: Envelope) -> None:
        for work in self._running.background.works().values():
            if work.delivery.counts.dead:
                for letter in await work.delivery.dead_letters(envelope.tenant):
                    if letter.event_id == envelope.id:
                        raise AssertionError(f"The event was given up: {letter.error}")

    def _reacts(self, event_type: str) -> bool:
        works = self._running.background.works().values()
        return any(
            handling.reaction.bound.event_type.type == event_type
            for work in works
            for handling in work.delivery.consumers.values()
        )


def _by_name(tenants: Mapping[str, Keys] | Sequence[str]) -> Mapping[str, Keys]:
    return tenants if isinstance(tenants, Mapping) else {name: {} for name in tenants}
