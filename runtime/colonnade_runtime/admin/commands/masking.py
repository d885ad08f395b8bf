"""Personal data in what commands show: hidden unless it is asked for."""

from collections.abc import Collection
from typing import Any

import msgspec
from pydantic import BaseModel

from colonnade.personal import Confidential, Personal, marked_fields
from colonnade.secrets import MASK


def masked_json(data: bytes, models: Collection[type[BaseModel]]) -> Any:
    """A JSON object with the values of fields that any of `models` marks hidden.

    Without a model nobody knows what is personal, so everything is hidden.
    """
    values = msgspec.json.decode(data)
    if not isinstance(values, dict) or not models:
        return MASK
    hidden = {
        name
        for model in models
        for mark in (Personal, Confidential)
        for name in marked_fields(model, mark)
    }
    return {name: MASK if name in hidden else value for name, value in values.items()}
