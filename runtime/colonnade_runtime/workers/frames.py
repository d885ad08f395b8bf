"""The wire between a process and its workers: lengths and MessagePack, never pickled objects.

A worker handles what strangers wrote. Should one of them get hold of it, all that it can answer
with is data of the type that the function declares, or the text of an error.
"""

import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, get_type_hints

import msgspec

from colonnade.errors import ColonnadeError, ErrorRecord, FieldError, InternalError

BROKEN = "Something broke here; the log says what."
"""Message for callers about work that failed; functions and classes are for the log."""

MAXIMUM_FRAME = 32 * 1024 * 1024
"""Bytes of one message; an answer beyond it ends the worker."""

LENGTH_BYTES = 4


class CallFrame(msgspec.Struct, array_like=True):
    """One call: where the function is, its encoded arguments, and seconds of processor time."""

    module: str
    name: str
    arguments: list[bytes]
    seconds: float


class AnswerFrame(msgspec.Struct, array_like=True):
    """An end of a call: an encoded answer, or the name of the class of what was raised."""

    answer: bytes | None = None
    raised: str = ""
    error: ErrorRecord | None = None
    trace: str = ""


CALLS = msgspec.msgpack.Decoder(CallFrame)
ANSWERS = msgspec.msgpack.Decoder(AnswerFrame)


def encoded_call(
    function: Callable[..., Any], arguments: Sequence[Any], seconds: float
) -> CallFrame:
    """The call as it travels.

    Raises:
        TypeError: when the function is not one of a module's, or says no types.
    """
    module, name = function.__module__, function.__qualname__
    if getattr(sys.modules.get(module), name, None) is not function:
        raise TypeError(f"{module}.{name} must be a function of its module, to be found by name.")
    decoders_of(function)
    encoded = [msgspec.msgpack.encode(each) for each in arguments]
    return CallFrame(module, name, encoded, seconds)


def function_of(call: CallFrame) -> Callable[..., Any]:
    """The function that is called, imported where it is not yet."""
    function: Callable[..., Any] = getattr(import_module(call.module), call.name)
    return function


@lru_cache(maxsize=1_000)
def decoders_of(
    function: Callable[..., Any],
) -> tuple[list[msgspec.msgpack.Decoder[Any]], msgspec.msgpack.Decoder[Any]]:
    """Decoders of each parameter, and of the answer.

    Raises:
        TypeError: when a type is missing, or is none that can travel.
    """
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    hints = get_type_hints(function)
    missing = [each for each in (*names, "return") if each not in hints]
    if missing:
        raise TypeError(
            f"{function.__module__}.{function.__qualname__} runs in a process apart and must "
            f"declare types for: {', '.join(missing)}."
        )
    return (
        [msgspec.msgpack.Decoder(hints[name]) for name in names],
        msgspec.msgpack.Decoder(hints["return"]),
    )


def performed(call: CallFrame) -> AnswerFrame:
    """Run the call in this process. Running out of memory is raised as it is."""
    function = function_of(call)
    try:
        decoders, _ = decoders_of(function)
        given = [each.decode(raw) for each, raw in zip(decoders, call.arguments, strict=True)]
        return AnswerFrame(msgspec.msgpack.encode(function(*given)))
    except MemoryError:
        raise
    except ColonnadeError as error:
        return AnswerFrame(raised=type(error).__name__, error=ErrorRecord.of(error))
    except Exception as error:
        return AnswerFrame(raised=type(error).__name__, trace=str(error)[:2_000])


def answer_of(function: Callable[..., Any], frame: AnswerFrame) -> Any:
    """Return the call's value to its caller, or raise its error.

    Raises:
        Exception: of the class that the function raised, if its module knows it by that name.
        InternalError: it raised anything else, or answered with another type than it declares.
    """
    if frame.answer is None:
        raise _raised(function, frame)
    try:
        return decoders_of(function)[1].decode(frame.answer)
    except msgspec.DecodeError as error:
        why = f"{function.__qualname__} answered with another type: {error}"
        raise InternalError(BROKEN, reason=why) from None


def _raised(function: Callable[..., Any], frame: AnswerFrame) -> Exception:
    kind = getattr(function, "__globals__", {}).get(frame.raised)
    if kind is None and frame.raised in ("ValueError", "LookupError", "KeyError", "OSError"):
        return ValueError(frame.trace)
    if isinstance(kind, type) and issubclass(kind, ColonnadeError) and frame.error is not None:
        fields = [FieldError(*field) for field in frame.error.fields]
        return kind(frame.error.message, details=frame.error.details, fields=fields)
    if isinstance(kind, type) and issubclass(kind, Exception) and frame.error is None:
        return kind(frame.trace)
    said = frame.error.message if frame.error is not None else frame.trace
    why = f"{function.__qualname__} failed with {frame.raised}: {said}"
    return InternalError(BROKEN, reason=why)
