"""Remembers decisions, so that a hot request costs a dictionary look-up instead of an engine."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import structlog
from cachetools import LRUCache

from colonnade.background_tasks import background_task
from colonnade.clock import Clock, SystemClock
from colonnade.policy.decision import Decision
from colonnade.policy.engine import PolicyBundle, PolicyEngine, PolicyQuery, QueryKey
from colonnade.policy.principal_use import with_principal
from colonnade.policy.vocabulary import NO_VOCABULARY

_log = structlog.get_logger("colonnade.policy")


@dataclass(slots=True)
class PolicyCounters:
    """Counters of decisions since the start, read by the metrics.

    `denies` counts refusals of everything as they are given out, `errors` answers that the
    engine could not give.
    """

    hits: int = 0
    misses: int = 0
    denies: int = 0
    errors: int = 0


class MemoisedPolicy:
    """A policy engine with a memory of at most `capacity` decisions, the least used go first.

    The key is what a decision depends on: revision, tenant, principal, action and resource
    type. Where the engine knows that the policies use a principal's id as a value alone, everybody
    with the same roles is decided on once, and the person put into the answer. An answer with
    `expires_at` is forgotten then, and every one after `longest` seconds, or up to a fifth
    earlier: an engine may have been led to say something wrong. One that the engine failed to give
    is never kept. Used from one event loop.
    """

    def __init__(
        self,
        engine: PolicyEngine,
        *,
        capacity: int = 10_000,
        longest: float = 300.0,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        if capacity < 1:
            raise ValueError("A memory of decisions needs room for at least one.")
        self.counters = PolicyCounters()
        self._engine = engine
        self._clock = clock or SystemClock()
        self.longest = longest
        self._random = random or Random()  # noqa: S311
        self._revision = engine.revision
        self._vocabulary = NO_VOCABULARY
        # Engines of plugins may be older than this.
        on_distrust = getattr(engine, "on_distrust", None)
        if on_distrust is not None:
            on_distrust(self._forget)
        self._generalise: Callable[[PolicyQuery], PolicyQuery | None] = getattr(
            engine, "generalised", lambda query: None
        )
        # Each with the time until which it counts: a TTL cache would look up four times as slowly.
        self._decisions: LRUCache[QueryKey, tuple[Decision, float]] = LRUCache(capacity)
        self._asking: dict[QueryKey, asyncio.Task[Decision]] = {}
        self._tasks: set[asyncio.Task[Decision]] = set()

    @property
    def revision(self) -> str:
        """The revision of the loaded policies."""
        return self._engine.revision

    def __len__(self) -> int:
        return len(self._decisions)

    def peek(self, query: PolicyQuery) -> Decision | None:
        """The remembered answer, or nothing; never waits."""
        if self._revision != self._engine.revision:
            self._forget()
        remembered = self._remembered(query.key) or self._from_general(query)
        if remembered is None:
            return None
        decision, _ = remembered
        self.counters.hits += 1
        if decision.refused:
            self.counters.denies += 1
        return decision

    async def decide(self, query: PolicyQuery) -> Decision:
        """The answer, from memory or from the engine; equal questions are asked once at a time."""
        remembered = self.peek(query)
        if remembered is not None:
            return remembered
        self.counters.misses += 1
        decision = await self._decided(query)
        if decision.refused:
            self.counters.denies += 1
        return decision

    async def _decided(self, query: PolicyQuery) -> Decision:
        revision, general = self._engine.revision, self._generalise(query)
        if general is None:
            return await self._asked_once(query)
        decision = await self._asked_once(general)
        if decision.revision != revision:
            # Of the policies that were loaded meanwhile nothing of this kind is known yet.
            return await self._asked_once(query)
        return with_principal(decision, query)

    async def _asked_once(self, query: PolicyQuery) -> Decision:
        key = query.key
        task = self._asking.get(key)
        if task is None:
            # The answer is for everybody who asks, not for this call alone.
            task = background_task(self._ask(query), name=f"policy {query.action}")
            self._asking[key] = task
            self._tasks.add(task)
            task.add_done_callback(lambda done: self._answered(key, done))
        # Shielded: who gives up waiting must not take the answer from the others.
        return await asyncio.shield(task)

    def _remembered(self, key: QueryKey) -> tuple[Decision, float] | None:
        remembered = self._decisions.get(key)
        if remembered is None:
            return None
        decision, until = remembered
        expired = decision.expires_at is not None and decision.expires_at <= self._clock.now()
        if expired or until <= self._clock.monotonic():
            del self._decisions[key]
            return None
        return remembered

    def _from_general(self, query: PolicyQuery) -> tuple[Decision, float] | None:
        """The answer from what is remembered for everybody like the one who asks."""
        general = self._generalise(query)
        remembered = None if general is None else self._remembered(general.key)
        if remembered is None:
            return None
        decision, until = remembered
        bound = self._decisions[query.key] = (with_principal(decision, query), until)
        return bound

    async def load(self, bundle: PolicyBundle) -> str:
        """Load `bundle` into the engine and forget every answer of the policies before it.

        Raises:
            PolicyError: with everything that is wrong; nothing is forgotten then.
        """
        revision = await self._engine.load(bundle)
        self._vocabulary = bundle.vocabulary
        self._forget()
        return revision

    async def check(self) -> str | None:
        """A sentence that says why the engine cannot decide now; nothing when it can."""
        # Engines of plugins may be older than this question.
        check = getattr(self._engine, "check", None)
        return None if check is None else await check()

    async def close(self) -> None:
        """Stop asking, then close the engine."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._engine.close()

    async def _ask(self, query: PolicyQuery) -> Decision:
        decision = self._readable(await self._engine.decide(query))
        if decision.failed:
            self.counters.errors += 1
        return decision

    def _readable(self, decision: Decision) -> Decision:
        """The decision, unless it masks what nothing shows: the field that it means would be shown.

        Names that the engine worked out are known only now; the others were refused at load.
        """
        mistakes = [] if decision.failed else list(self._vocabulary.mask_mistakes(decision))
        if not mistakes:
            return decision
        reason = f"Policy for '{decision.action}': {'; '.join(mistakes)}."
        _log.error("policy names what is not there; all is refused", reason=reason)
        return Decision.refuse(
            decision.action,
            decision.resource_type,
            reason,
            revision=decision.revision,
            failed=True,
        )

    def _answered(self, key: QueryKey, task: asyncio.Task[Decision]) -> None:
        self._tasks.discard(task)
        is_current = self._asking.get(key) is task
        if is_current:
            del self._asking[key]
        if task.cancelled() or task.exception() is not None:
            return
        decision = task.result()
        # A load may have happened while the engine was thinking: that answer is of yesterday.
        if not is_current or decision.failed or decision.revision != self._engine.revision:
            return
        # Spread, so that what was asked together is not asked again together.
        age = self.longest * (0.8 + 0.2 * self._random.random())
        self._decisions[key] = (decision, self._clock.monotonic() + age)

    def _forget(self) -> None:
        self._revision = self._engine.revision
        self._decisions.clear()
        self._asking.clear()
