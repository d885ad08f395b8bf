"""The one way in to every service, for HTTP and bus alike: tenant, principal, policy, handler."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

import pydantic
from prometheus_client import CollectorRegistry

from colonnade.bus import Bus, CallHeader, Header
from colonnade.context import (
    Context,
    ContextSigner,
    PrincipalKind,
    current_context,
    use_context,
)
from colonnade.decoding import Unreadable
from colonnade.encoded_answers import EncodedAnswer
from colonnade.errors import (
    ColonnadeError,
    ConfigurationError,
    DeadlineExceeded,
    Forbidden,
    NotFound,
    NotVisible,
    Unauthenticated,
    Unavailable,
    ValidationFailed,
)
from colonnade.http import field_errors
from colonnade.messages import Message, Request
from colonnade.operations import (
    DEFAULT_DEADLINE,
    BoundHandler,
    Call,
    Download,
    Operation,
    Stream,
    operation_of,
)
from colonnade.pagination import Page
from colonnade.policy import Decision, MemoisedPolicy, masked
from colonnade.rows.row_tracking import track_reads, tracked_reads
from colonnade_runtime.calls.commit_guard import check_applied, running_call
from colonnade_runtime.calls.foreign_errors import known_error
from colonnade_runtime.calls.operation_metrics import OperationMetrics
from colonnade_runtime.calls.policy_queries import policy_query
from colonnade_runtime.calls.repeated_questions import again
from colonnade_runtime.calls.reply_frames import DONE, failure, read_answer, read_question
from colonnade_runtime.calls.row_cache import CachedAnswer, Key, RowCache
from colonnade_runtime.calls.tenants import TenantDirectory, TenantEntry

ResponseT = TypeVar("ResponseT", bound=Message)


class Dispatcher:
    """Decides and calls. Holds the handlers of the services that this process hosts.

    `now` is the clock of deadlines, in seconds since the Unix epoch.
    """

    def __init__(
        self,
        bus: Bus,
        policy: MemoisedPolicy,
        tenants: TenantDirectory,
        signer: ContextSigner,
        log: Any,
        cache: RowCache | None = None,
        metrics: OperationMetrics | None = None,
        now: Callable[[], float] = time.time,
        timeouts: Mapping[str, float] | None = None,
        per_day: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.now = now
        self._timeouts = timeouts or {}
        self._per_day = per_day or {}
        self._bus = bus
        self._policy = policy
        self._tenants = tenants
        self._signer = signer
        self._log = log
        self.cache = RowCache() if cache is None else cache
        self._metrics = OperationMetrics(CollectorRegistry()) if metrics is None else metrics
        self._handlers: dict[type[Request[Any]], BoundHandler] = {}

    async def host(self, bound: BoundHandler) -> None:
        """Answer an operation in this process, over the bus and for HTTP.

        Raises:
            ConfigurationError: when the operation has a handler already.
        """
        operation = bound.operation
        if operation.request in self._handlers:
            raise ConfigurationError(f"Operation {operation.subject} has two handlers.")
        self._handlers[operation.request] = bound

        async def answer(payload: bytes, header: Header) -> bytes:
            return await self._answer(bound, payload, header)

        await self._bus.serve(operation.subject, answer)

    async def ask(self, request: Request[ResponseT], deadline: float | None = None) -> ResponseT:
        """Ask over the bus, as whoever is current.

        Raises:
            ColonnadeError: as the operation declares.
        """
        operation = operation_of(type(request))
        context = current_context()
        _depend_on_another_service()
        limit = self._limit(operation) if deadline is None else deadline
        now = self.now()
        timeout = min(context.remaining(now), limit)
        payload, until = request.encode(), now + timeout

        header = CallHeader(
            context, lambda: self._signer.sign(context, operation.subject, payload, until)
        )

        async def ask() -> bytes:
            left = max(0.0, until - self.now())
            return await self._bus.ask(operation.subject, payload, header, left)

        reply = await (
            again(ask, until, self.now, context.request_id) if operation.idempotent else ask()
        )
        try:
            return cast("ResponseT", read_answer(operation, reply))
        except Unreadable as error:
            # Others wrote the bytes; what they make a decoder raise is no mistake of ours.
            self._log.error("answer not understood", operation=operation.subject, error=error)
        raise Unavailable(f"'{operation.subject}' answered what cannot be read; try again.")

    async def do(
        self,
        request: Request[Any],
        *,
        expected_versions: frozenset[int] | None = None,
        incoming: Any = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """Run an operation that this process hosts, as the current principal.

        Raises:
            ColonnadeError: what the policy or the handler refuses.
        """
        operation = operation_of(type(request))
        started = time.perf_counter()
        failure: BaseException | None = None
        limit = None
        if operation.stream is Stream.NONE:
            # Streams take as long as they are: their bounds are those of connections.
            limit = min(current_context().remaining(self.now()), self._limit(operation))
        bound = asyncio.timeout(limit)
        try:
            async with bound:
                return await self._decided(
                    operation, request, expected_versions, incoming, idempotency_key
                )
        except TimeoutError as error:
            if not bound.expired():
                failure = error
                raise
            failure = DeadlineExceeded(
                f"{operation.subject} took longer than {limit:.3g} seconds; it may have happened."
            )
            raise failure from None
        except BaseException as error:
            failure = error
            raise
        finally:
            self._metrics.record(operation, time.perf_counter() - started, failure)
            # Its traceback holds this frame: together they would keep the request, and with it
            # the client's connection, until the garbage collector comes by.
            failure = None

    def _limit(self, operation: Operation) -> float:
        """Seconds that a call may take: as the operation says, else as is declared for its
        service."""
        if operation.deadline != DEFAULT_DEADLINE:
            return operation.deadline
        return self._timeouts.get(operation.service, DEFAULT_DEADLINE)

    def _times(self, operation: Operation) -> int | None:
        """Limit per person and day: the declared one, else the operation's own."""
        declared = self._per_day.get(operation.service)
        return declared.get(operation.name, operation.per_day) if declared else operation.per_day

    async def _decided(
        self,
        operation: Operation,
        request: Request[Any],
        expected_versions: frozenset[int] | None,
        incoming: Any,
        idempotency_key: str | None,
    ) -> Any:
        bound = self._handlers.get(operation.request)
        if bound is None:
            raise ConfigurationError(f"{operation.subject} is not hosted by this process.")
        context = current_context()
        entry = self._tenants.entry(context.tenant)
        if not entry.tenant.has_service(operation.service):
            raise NotFound(f"This academy does not use the {operation.service} service.")
        decision = await self._decide(operation.action, operation, context)
        if decision.refused:
            raise self._refusal(operation, decision, context)
        request.check_rules()
        visibility = await self._visibility(operation, decision, context)
        call = Call(
            context,
            operation,
            decision,
            visibility,
            expected_versions,
            incoming,
            idempotency_key=idempotency_key,
            per_day=self._times(operation),
        )
        if operation.cached and expected_versions is None and self.cache.has_room:
            key = _key(operation, request.encode(), entry, decision, visibility, context)
            return await self._do_cached(key, bound, request, call)
        return await self._do(bound, request, call)

    def remembered(
        self, operation: Operation, payload: bytes, context: Context
    ) -> CachedAnswer | None:
        """The kept answer to a request that is decided and answered already; never waits.

        Nothing when anything about it is unknown or refused: `do` finds out and says so.
        """
        if not self.cache.has_room:
            return None
        key = self._known_key(operation, payload, context)
        return None if key is None else self.cache.find(key)

    def kept(self, operation: Operation, payload: bytes, context: Context) -> CachedAnswer | None:
        """The same, to look at: nobody is answered with it."""
        if not self.cache.has_room:
            return None
        key = self._known_key(operation, payload, context)
        return None if key is None else self.cache.look(key)

    def _known_key(self, operation: Operation, payload: bytes, context: Context) -> Key | None:
        entry = self._tenants.peek(context.tenant)
        if entry is None or not entry.tenant.has_service(operation.service):
            return None
        decision = self._policy.peek(policy_query(operation.action, operation, context, entry))
        if decision is None or decision.refused:
            return None
        visibility: Decision | None = decision
        reading = f"{operation.resource}.read"
        if operation.action != reading:
            visibility = self._policy.peek(policy_query(reading, operation, context, entry))
        if visibility is None:
            return None
        return _key(operation, payload, entry, decision, visibility, context)

    async def _do_cached(
        self, key: Key, bound: BoundHandler, request: Request[Any], call: Call
    ) -> Any:
        kept = self.cache.find(key)
        if kept is not None:
            return call.operation.response.decode(kept.body)
        reading = self.cache.begin(call.operation.service, call.tenant)
        with track_reads() as reads:
            answer = await self._do(bound, request, call)
        if not (call.personal or reads.foreign):
            self.cache.keep(key, answer.encode(), reads, reading)
        return answer

    async def _do(self, bound: BoundHandler, request: Request[Any], call: Call) -> Any:
        token = running_call.set(call)
        try:
            answer = await bound.call(request, call)
        except (Forbidden, NotFound) as error:
            if call.refused is not None:
                self._tell_object_refused(call, call.refused)
            if isinstance(error, NotVisible) and not call.is_of_service:
                # A service on the way asked as itself; who asked that service is told no more.
                raise NotFound(error.message, details=error.details) from None
            raise
        finally:
            running_call.reset(token)
            self._report_mistakes(call)
        check_applied(call)
        if call.without_object:
            self._log.debug(
                "permitted without an object",
                action=call.operation.action,
                reason=call.without_object,
            )
        return answer if call.masks_applied else _masked(answer, call.decision)

    def _tell_object_refused(self, call: Call, resource_type: str) -> None:
        """The policy knows the action, and this one object is not among those it permits."""
        rule, reason = call.decision.refusal_in_words(call.denying)
        self._log.info(
            "refused",
            action=call.operation.action,
            resource=resource_type,
            rule=rule,
            reason=reason,
        )

    def _report_mistakes(self, call: Call) -> None:
        for decision in (call.decision, call.visibility):
            for mistake in decision.take_mistakes():
                self._log.error("policy names what is not there; all is refused", reason=mistake)

    async def _answer(self, bound: BoundHandler, payload: bytes, header: Header) -> bytes:
        operation = bound.operation
        try:
            now = self.now()
            if isinstance(header, CallHeader):
                context = header.context
            else:
                context = self._signer.verify(header, operation.subject, payload, now)
            # Whoever asked has given up by then; doing it would surprise everybody.
            context.remaining(now)
            if operation.cached:
                kept = self.remembered(operation, payload, context)
                if kept is not None:
                    return DONE + kept.body
            with use_context(context):
                request = read_question(operation, payload)
                answer: Message = await self.do(request)
                return DONE + answer.encode()
        except pydantic.ValidationError as error:
            return failure(ValidationFailed(fields=field_errors(error)))
        except ColonnadeError as error:
            return failure(error)
        except Exception as error:
            self._log.exception("operation failed", operation=operation.subject)
            return failure(known_error(error))

    async def _visibility(
        self, operation: Operation, decision: Decision, context: Context
    ) -> Decision:
        reading = f"{operation.resource}.read"
        if operation.action == reading:
            return decision
        return await self._decide(reading, operation, context)

    async def _decide(self, action: str, operation: Operation, context: Context) -> Decision:
        query = policy_query(action, operation, context, self._tenants.entry(context.tenant))
        return self._policy.peek(query) or await self._policy.decide(query)

    def _refusal(
        self, operation: Operation, decision: Decision, context: Context
    ) -> ColonnadeError:
        self._metrics.denied(operation)
        rules = ", ".join(decision.rules)
        self._log.info("refused", action=operation.action, rule=rules, reason=decision.reason)
        if decision.failed:
            # Closed all the same, but nobody said no: whoever retries, as sagas do, may get in.
            return Unavailable(
                f"Whether you may do this ({operation.action}) could not be decided; try again."
            )
        if context.principal.kind is PrincipalKind.ANONYMOUS:
            return Unauthenticated(
                "This needs a sign-in: send 'Authorization: Bearer <access token>'.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return Forbidden(f"You may not do this ({operation.action}).")


def _key(
    operation: Operation,
    payload: bytes,
    entry: TenantEntry,
    decision: Decision,
    visibility: Decision,
    context: Context,
) -> Key:
    return (
        context.tenant,
        operation.subject,
        payload,
        entry.revision,
        decision.fingerprint,
        visibility.fingerprint,
        context.locale,
    )


def _depend_on_another_service() -> None:
    """Mark the answer as uncacheable: another service's state may change unseen by this store."""
    reads = tracked_reads()
    if reads is not None:
        reads.foreign = True


def _masked(answer: Any, decision: Decision) -> Any:
    if not decision.masks:
        return answer
    if isinstance(answer, EncodedAnswer):
        answer = answer.message()
    if isinstance(answer, Download):
        return Download(masked(answer.head, decision.masks), answer.chunks)
    if isinstance(answer, Page):
        items = [masked(item, decision.masks) for item in answer.items]
        return answer.model_copy(update={"items": items})
    return masked(answer, decision.masks)
