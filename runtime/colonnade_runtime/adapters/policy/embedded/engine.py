"""Policies decided inside the process by regopy, a Rego engine in native code."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future

import structlog

from colonnade.policy import (
    Decision,
    PolicyBundle,
    PolicyEngine,
    PolicyQuery,
    parse_decision,
)
from colonnade_runtime.adapters.policy.embedded.worker import PolicyWorker
from colonnade_runtime.adapters.policy.rego.consulted_packages import NO_PACKAGES
from colonnade_runtime.adapters.policy.rego.deny_attribution import with_deny_rules
from colonnade_runtime.adapters.policy.rego.program import EngineFault, input_text
from colonnade_runtime.adapters.policy.trial.verification import verify

SCHEME = "embedded"
MAX_INPUT = 256 * 1024
DEFAULT_TIMEOUT = 3.0
"""Seconds, since many people who arrive at once wait for one thread; less than a call may take."""
MAX_RUNAWAYS = 4
"""Threads that may be lost to endless policies before no more are started."""

_log = structlog.get_logger(__name__)


class EmbeddedPolicy(PolicyEngine):
    """The embedded engine: checked bundles, one interpreter in one thread, a deadline each.

    `timeout` is in seconds and includes waiting for the thread. Whatever is not a well-formed
    answer in time refuses, is logged, and comes back as a failed decision with its reason.
    """

    def __init__(self, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        self._timeout = timeout
        self._worker: PolicyWorker | None = None
        self._lost: list[PolicyWorker] = []
        self._bundle: PolicyBundle | None = None
        self._packages = NO_PACKAGES
        self._loading = asyncio.Lock()

    @property
    def revision(self) -> str:
        """The revision of the loaded policies; empty before the first load."""
        return self._bundle.revision if self._bundle is not None else ""

    async def load(self, bundle: PolicyBundle) -> str:
        """Inspect, try out in another process, build, then swap.

        Raises:
            PolicyError: with everything that is wrong; what was loaded before stays.
        """
        async with self._loading:
            packages = await verify(bundle)
            worker = self._start(bundle)
            await asyncio.wrap_future(worker.ready)
            previous, self._worker, self._bundle = self._worker, worker, bundle
            self._packages = packages
            if previous is not None:
                previous.stop()
        return bundle.revision

    async def decide(self, query: PolicyQuery) -> Decision:
        """The policies' answer; a failed refusal when there is none."""
        worker, revision, packages = self._worker, self.revision, self._packages
        if worker is None:
            return self._failed(query, "no policies are loaded")
        try:
            text = input_text(packages.told(query.input(), query.action))
            if len(text) > MAX_INPUT:
                return self._failed(query, f"the input is larger than {MAX_INPUT} characters")
            answer = await self._answer(worker, text)
        except EngineFault as fault:
            return self._failed(query, str(fault))
        except TimeoutError:
            self._replace_when_stuck(worker)
            return self._failed(query, f"no answer within {self._timeout:g} s")
        decision = parse_decision(
            answer,
            action=query.action,
            resource_type=query.resource_type,
            revision=revision,
            granting=packages.granting_rules(query.action),
            narrowing=packages.narrowing_rules(),
        )
        if decision.failed:
            _log.error("policy answer malformed", action=query.action, reason=decision.reason)
        return await with_deny_rules(
            decision, query, packages, lambda asked: self._answer(worker, input_text(asked))
        )

    def generalised(self, query: PolicyQuery) -> PolicyQuery | None:
        """The question without what the policies do not look at, or nothing."""
        return self._packages.generalised(query)

    async def close(self) -> None:
        """Stop the thread; one that is stuck in a policy is left behind and ends by itself."""
        worker, self._worker, self._bundle = self._worker, None, None
        self._packages = NO_PACKAGES
        if worker is not None:
            worker.stop()
            await asyncio.to_thread(worker.join, self._timeout)

    async def _answer(self, worker: PolicyWorker, text: str) -> object:
        answer: Future[object] = worker.ask(text)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.wrap_future(answer)
        except asyncio.CancelledError:
            # The worker cancels what still waits when it is stopped; our own caller's
            # cancellation leaves the answer pending or running.
            if answer.cancelled() and not _being_cancelled():
                raise EngineFault("the policies were replaced or closed meanwhile") from None
            raise

    def _start(self, bundle: PolicyBundle) -> PolicyWorker:
        return PolicyWorker(bundle.modules, name=f"policy-{bundle.revision}")

    def _replace_when_stuck(self, worker: PolicyWorker) -> None:
        """A thread that has been at one question for the whole time is given up."""
        if worker is not self._worker or worker.busy_for() < self._timeout:
            return
        self._lost = [lost for lost in self._lost if lost.alive]
        if len(self._lost) >= MAX_RUNAWAYS or self._bundle is None:
            _log.error("policy threads exhausted", lost=len(self._lost))
            return
        worker.stop()
        self._lost.append(worker)
        self._worker = self._start(self._bundle)
        _log.error("policy thread given up", busy_for=worker.busy_for())

    def _failed(self, query: PolicyQuery, why: str) -> Decision:
        reason = f"'{query.action}' could not be decided: {why}."
        _log.error("policy failed", action=query.action, reason=reason)
        return Decision.refuse(
            query.action, query.resource_type, reason, revision=self.revision, failed=True
        )


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def embedded_policy(url: str, options: Mapping[str, object] | None = None) -> EmbeddedPolicy:
    """The factory behind `policy: embedded:` in platform.yaml.

    Raises:
        ValueError: when the URL says more than its scheme.
    """
    if url.rstrip(":/") != SCHEME:
        raise ValueError(f"The embedded policy engine takes no address; write '{SCHEME}:'.")
    timeout = (options or {}).get("timeout", DEFAULT_TIMEOUT)
    if not isinstance(timeout, int | float) or not 0 < timeout <= 60:
        raise ValueError("The timeout of a decision is in seconds, above 0 and at most 60.")
    return EmbeddedPolicy(timeout=float(timeout))
