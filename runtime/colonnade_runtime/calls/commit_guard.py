"""Guard of commits: nothing is kept of a handler that did not apply its policy, or went too far."""

from contextvars import ContextVar

from colonnade.allowances import use
from colonnade.context import PrincipalKind, current_context
from colonnade.errors import InternalError
from colonnade.operations import Call
from colonnade.store import Session

_PEOPLE = frozenset({PrincipalKind.USER, PrincipalKind.API_KEY})
"""Principal types with limits: services act for the platform, strangers are counted by network."""

running_call: ContextVar[Call | None] = ContextVar("colonnade_call", default=None)
"""Call whose handler runs; None outside of any."""


def guard_commit(session: Session) -> None:
    """Refuse to commit what a handler did without applying its conditional decision, and what is
    more than its caller may have done in a day.

    Raises:
        InternalError: the handler has a mistake; nothing is committed.
        TooManyRequests: the day's allowance is used up; nothing is committed.
    """
    call = running_call.get()
    # A reaction or schedule may have been started from within a call; its context is another.
    if call is not None and call.caller is current_context():
        check_applied(call)
        _count_use(session, call)


def _count_use(session: Session, call: Call) -> None:
    """Once per call, in its first transaction that changes something."""
    per_day = call.per_day
    if per_day is None or call.counted or call.caller.principal.kind not in _PEOPLE:
        return
    if session.changed or session.published:
        call.counted = True
        session.if_undone(lambda: setattr(call, "counted", False))
        use(session, call.caller.principal.id, call.operation.name, per_day)


def check_applied(call: Call) -> None:
    """Hold a handler to the conditional decision that it was called with.

    Raises:
        InternalError: the handler did not apply it.
    """
    if not call.applied and not call.decision.unconditional:
        raise InternalError(
            f"The handler of {call.operation.subject} did not apply the policy's conditions; "
            "nothing was kept."
        )
