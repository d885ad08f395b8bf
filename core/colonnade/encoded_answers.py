"""Answers that are encoded already, where nothing but their bytes is needed."""

from functools import lru_cache
from typing import Any, Generic, TypeVar

from colonnade.messages import Message

MessageT = TypeVar("MessageT", bound=Message)


class EncodedAnswer(Generic[MessageT]):
    """An answer as JSON. It is made into the message that it encodes when a field is looked at."""

    def __init__(self, model: type[MessageT], body: bytes, next_cursor: str | None = None) -> None:
        self.next_cursor = next_cursor
        self._model = model
        self._body = body
        self._message: MessageT | None = None

    def encode(self) -> bytes:
        """The bytes."""
        return self._body

    def message(self) -> MessageT:
        """The message; decoded once."""
        if self._message is None:
            self._message = self._model.decode(self._body)
        return self._message

    def __getattr__(self, name: str) -> Any:
        # Looking for what no such message has decodes nothing; and copies are made before there is
        # anything to look into.
        if name.startswith("_") or not _has(self._model, name):
            raise AttributeError(f"{type(self).__name__} has no {name}.")
        return getattr(self.message(), name)

    def __eq__(self, other: object) -> bool:
        theirs = other.message() if isinstance(other, EncodedAnswer) else other
        return self.message() == theirs

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.message())


@lru_cache(maxsize=1_000)
def _has(model: type[Message], name: str) -> bool:
    return name in model.model_fields or hasattr(model, name)
