"""Rules about what travels: requests, answers and events."""

from collections.abc import Iterator

import pydantic

from colonnade.messages import Message
from colonnade_runtime.testing.contract.examination.examples import NoExample, example_of
from colonnade_runtime.testing.contract.examination.subject import Subject

_EXAMPLES = 10


def messages_are_frozen_and_closed(subject: Subject) -> Iterator[str]:
    """Each message refuses changes and unknown fields, as `Message` does by default."""
    for model in subject.messages:
        if not model.model_config.get("frozen"):
            yield f"{model.__name__} can be changed after it was made; leave `frozen` as it is."
        if model.model_config.get("extra") != "forbid":
            yield f"{model.__name__} takes unknown fields; leave `extra` as it is."


def messages_survive_the_bus(subject: Subject) -> Iterator[str]:
    """Each message, encoded and decoded, is what it was; unknown fields are passed over."""
    for model in subject.travelling:
        try:
            yield from _round_trips(model)
        except NoExample as reason:
            yield str(reason)


def _round_trips(model: type[Message]) -> Iterator[str]:
    for seed in range(_EXAMPLES):
        message = example_of(model, seed)
        encoded = message.encode()
        try:
            again = model.decode(encoded)
            model.decode(encoded[:-1] + (b"" if encoded == b"{}" else b",") + b'"unknown__":1}')
        except pydantic.ValidationError as error:
            yield f"{model.__name__} does not read what it wrote, {encoded[:200]!r}: {error}"
            return
        if again != message:
            yield f"{model.__name__} comes back as another: {message!r} became {again!r}."
            return


CHECKS = (messages_are_frozen_and_closed, messages_survive_the_bus)
