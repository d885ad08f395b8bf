"""Made-up messages of a model: valid, and the same for the same seed."""

from collections.abc import Set
from typing import Any, TypeVar

import pydantic
from polyfactory.exceptions import FactoryException
from polyfactory.factories.pydantic_factory import ModelFactory
from polyfactory.field_meta import FieldMeta
from pydantic import BaseModel

from colonnade.messages import Empty

ModelT = TypeVar("ModelT", bound=BaseModel)

_TRIES = 50


class NoExample(Exception):
    """Absence of a valid example; the message says what an author can do."""


def example_of(model: type[ModelT], seed: int = 0, **fields: Any) -> ModelT:
    """A valid message of `model`: every optional field is given for even seeds, none for odd.
    `fields` are taken as they are.

    Values come from the types, from `Field(examples=[...])`, and for a few names that are the
    same everywhere (`email`, `currency`) from what is valid there.

    Raises:
        NoExample: when what was made up was never valid.
    """
    factory = _ExampleFactory.create_factory(model, __random_seed__=seed)
    reason = ""
    for _ in range(_TRIES):
        try:
            whole = factory.build(**fields)
        except (pydantic.ValidationError, FactoryException, ValueError) as error:
            reason = " ".join(str(error).split())[:300]
        else:
            return _shortened(model, whole, set(fields)) if seed % 2 else whole
    raise NoExample(
        f"no valid {model.__name__} could be made up ({reason}). Give the fields that need a "
        "special form examples: Field(examples=['…'])."
    )


def _shortened(model: type[ModelT], whole: Any, given: Set[str]) -> Any:
    fields = model.model_fields.items()
    optional = {name for name, field in fields if not field.is_required()} - given
    try:
        return model.model_validate_json(whole.model_dump_json(exclude=optional))
    except pydantic.ValidationError:
        # The model needs one of its optional fields after all.
        return whole


class _ExampleFactory(ModelFactory[BaseModel]):
    __is_base_factory__ = False
    __model__ = Empty
    __use_examples__ = True
    __allow_none_optionals__ = False

    @classmethod
    def get_field_value(
        cls,
        field_meta: FieldMeta,
        field_build_parameters: Any | None = None,
        build_context: Any | None = None,
    ) -> Any:
        """A value for one field; those of well-known names are valid ones."""
        takes_text = "str" in str(field_meta.annotation)
        if takes_text and field_meta.name.endswith("email"):
            return f"person{cls.__random__.randrange(10**9)}@example.org"
        if takes_text and field_meta.name == "currency":
            return "EUR"
        return super().get_field_value(field_meta, field_build_parameters, build_context)

    @classmethod
    def _get_or_create_factory(cls, model: Any) -> Any:
        if isinstance(model, type) and issubclass(model, BaseModel):
            # So that messages inside messages follow the same rules, in this factory alone.
            return _ExampleFactory.create_factory(model, **cls._get_config())
        return super()._get_or_create_factory(model)
