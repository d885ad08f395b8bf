"""Rules about what operators may set."""

import inspect
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from colonnade_runtime.testing.contract.examination.subject import Subject


def config_models_are_strict(subject: Subject) -> Iterator[str]:
    """An unknown key in its configuration is an error, at every depth, and nothing changes it."""
    for hook in ("config_model", "tenant_config_model"):
        for model in _models(subject.answer(hook)):
            if model.model_config.get("extra") != "forbid":
                yield f"{model.__name__} ({hook}) takes unknown keys; set extra='forbid'."
            if not model.model_config.get("frozen"):
                yield f"{model.__name__} ({hook}) can be changed while it is used; set frozen=True."


def config_keys_are_described(subject: Subject) -> Iterator[str]:
    """Each key says what it is for: the description stands in the JSON Schema editors use."""
    for hook in ("config_model", "tenant_config_model"):
        for model in _models(subject.answer(hook)):
            for name, field in model.model_fields.items():
                if not (field.description or _is_model(field.annotation)):
                    yield f"{model.__name__}.{name} has no description; add Field(description=…)."


def config_defaults_will_do(subject: Subject) -> Iterator[str]:
    """Defaults suffice to start the plugin, without a key of its own; or its test says others."""
    for hook, given in (
        ("config_model", subject.config),
        ("tenant_config_model", subject.tenant_config),
    ):
        model = subject.answer(hook)
        try:
            if model is not None:
                model.model_validate(dict(given))
        except ValidationError as error:
            yield (
                f"{model.__name__} ({hook}) is not valid with {dict(given)}: {error}. "
                "Give every key a default, or the contract test `config`."
            )


def _models(root: Any) -> Iterator[type[BaseModel]]:
    seen: set[type[BaseModel]] = set()
    waiting: list[Any] = [root]
    while waiting:
        item = waiting.pop()
        if _is_model(item) and item not in seen:
            seen.add(item)
            if "root" not in item.model_fields:
                yield item
            waiting += [field.annotation for field in item.model_fields.values()]
        else:
            waiting += get_args(item)


def _is_model(item: Any) -> bool:
    return inspect.isclass(item) and issubclass(item, BaseModel)


CHECKS = (config_models_are_strict, config_keys_are_described, config_defaults_will_do)
