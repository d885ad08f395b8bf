"""Stubs: answers of services that a bench does not run, over the same bytes as the real ones."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

from colonnade.bus import AskHandler, Header
from colonnade.context import Context, ContextSigner, use_context
from colonnade.errors import ColonnadeError
from colonnade.messages import Message, Request
from colonnade.operations import operation_of
from colonnade_runtime.adapters.bus.memory import MemoryBus
from colonnade_runtime.calls.reply_frames import DONE, failure, read_question

RequestT = TypeVar("RequestT", bound=Request[Any])

Answer = Message | ColonnadeError | Callable[[Any], Message | Awaitable[Message]]
"""What a stub answers: a message, an error, or a function of the request that returns or raises
one."""


class NotStubbed(AssertionError):
    """A service under test asked another one, and the test has not said what that answers."""


class Stub(Generic[RequestT]):
    """One operation of a service that does not run; `requests` and `contexts` are what it was
    asked so far, and by whom."""

    def __init__(self, request: type[RequestT], answer: Answer) -> None:
        self.operation = operation_of(request)
        self.answer = answer
        self.requests: list[RequestT] = []
        self.contexts: list[Context] = []

    async def serve(self, signer: ContextSigner, payload: bytes, header: str, now: float) -> bytes:
        """Answer one question, in the frames of the bus.

        Raises:
            TypeError: the answer is not one of this operation.
        """
        context = signer.verify(header, self.operation.subject, payload, now)
        request = cast("RequestT", read_question(self.operation, payload))
        self.requests.append(request)
        self.contexts.append(context)
        try:
            with use_context(context):
                return DONE + (await self._answer(request)).encode()
        except ColonnadeError as error:
            return failure(error)

    async def _answer(self, request: RequestT) -> Message:
        found: Any = self.answer
        if not isinstance(found, Message | ColonnadeError):
            found = found(request)
            if inspect.isawaitable(found):
                found = await found
        if isinstance(found, ColonnadeError):
            raise found
        wanted = self.operation.response
        if not isinstance(found, wanted):
            raise TypeError(
                f"The stub of {type(request).__name__} answers {found!r}, which is no"
                f" {wanted.__name__}."
            )
        return found


class BenchBus(MemoryBus):
    """The memory bus, which does not wait for services that nobody will start."""

    def stand_in(self, subject: str, handler: AskHandler) -> None:
        """Answer operations on `subject` for a service that does not run."""
        self._handlers[subject] = handler

    async def ask(
        self,
        subject: str,
        payload: bytes,
        header: Header,
        timeout: float,  # noqa: ASYNC109
    ) -> bytes:
        """Ask over the memory bus; a question that nobody answers is a mistake of the test.

        Raises:
            NotStubbed: when nothing serves `subject`.
        """
        if subject not in self._handlers:
            raise NotStubbed(
                f"'{subject}' was asked, and nothing answers it: say what it answers with"
                " bench.stub(…), or give the plugin of its service to the bench as well."
            )
        return await super().ask(subject, payload, header, timeout)
