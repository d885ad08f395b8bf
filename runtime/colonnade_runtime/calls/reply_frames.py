"""Questions and answers as the bus carries them: one byte that says how it went, then JSON."""

from typing import Any

import msgspec
import pydantic

from colonnade.decoding import Unreadable, decoded
from colonnade.errors import ColonnadeError, ErrorRecord, InternalError, ValidationFailed
from colonnade.http import field_errors
from colonnade.messages import Message, Request
from colonnade.operations import Operation

DONE = b"+"
_FAILED = b"-"


def read_question(operation: Operation, payload: bytes) -> Request[Any]:
    """The request in `payload`.

    Raises:
        ValidationFailed: it is none of this operation.
    """
    try:
        return operation.request.decode(payload)
    except pydantic.ValidationError as error:
        raise ValidationFailed(fields=field_errors(error)) from None
    except Exception as error:
        raise ValidationFailed(f"This is no question of {operation.subject}.") from error


def read_answer(operation: Operation, reply: bytes) -> Message:
    """The answer in `reply`.

    Raises:
        Unreadable: there is none, nor an error.
        ColonnadeError: the operation was refused, as this says.
    """
    if reply[:1] == DONE:
        return decoded(operation.response.decode, reply[1:])
    raise decoded(_error_record, reply).rebuild(operation.errors)


def failure(error: ColonnadeError) -> bytes:
    """The frame of an error."""
    try:
        return _FAILED + msgspec.json.encode(ErrorRecord.of(error))
    except Exception:
        # Details of any kind: silence would let whoever asked wait for nothing.
        said = InternalError(f"The service failed with '{error.code}', which cannot be sent.")
        return _FAILED + msgspec.json.encode(ErrorRecord.of(said))


def _error_record(reply: bytes) -> ErrorRecord:
    if reply[:1] != _FAILED:
        raise Unreadable("It begins with neither mark of an answer.")
    return msgspec.json.decode(reply[1:], type=ErrorRecord)
