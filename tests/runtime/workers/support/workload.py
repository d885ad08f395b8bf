"""Work of all kinds, good and bad, as a module that workers import."""

import ctypes
import os
import time
from dataclasses import dataclass

from colonnade.errors import FieldError, ValidationFailed


class Refused(ValidationFailed):
    """A refusal that the module knows by name."""


@dataclass(frozen=True)
class Drawing:
    """Something made."""

    name: str
    data: bytes


def doubled(text: str) -> str:
    """Little work."""
    return text * 2


def drawings(source: bytes, sizes: list[int]) -> list[Drawing]:
    """Data classes and bytes in both directions."""
    return [Drawing(str(size), source[:size]) for size in sizes]


def spin(seconds: float) -> float:
    """Processor time, as a busy loop takes it."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return seconds


def rest(seconds: float) -> None:
    """Time without work."""
    time.sleep(seconds)


def fill(size: int) -> int:
    """Memory."""
    return len(bytearray(size))


def swell(size: int) -> bytes:
    """A large answer."""
    return bytes(size)


def crash() -> None:
    """What a mistake in a library written in C does."""
    ctypes.string_at(0)


def refuse(pointer: str) -> None:
    """An error of the platform's kind."""
    raise Refused("Not like this.", fields=[FieldError(pointer, "is wrong")])


def stumble(text: str) -> None:
    """An error of Python's kind."""
    raise ValueError(text)


def surprise() -> None:
    """An error that nobody expects."""
    raise ZeroDivisionError("one over nothing")


def chatter() -> int:
    """What prints would break the wire, were it the same."""
    print("hello", flush=True)
    os.write(1, b"\0\0\0\5hello")
    return os.getpid()


def variables() -> list[str]:
    """The names of the environment."""
    return sorted(os.environ)


def untyped(text):  # type: ignore[no-untyped-def]
    """Says nothing of its types."""
    return text
