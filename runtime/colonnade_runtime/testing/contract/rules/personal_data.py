"""Rules about fields that say something of a person, or that nobody may see."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from colonnade.personal import Confidential, Personal, marked_fields
from colonnade_runtime.testing.contract.examination.subject import Subject

_PERSONAL = re.compile(
    r"(.+_)?(email|e_mail|phone|mobile|first_name|last_name|full_name|given_name|family_name"
    r"|surname|birthday|birth_date|date_of_birth|street|postal_code|postcode|ip_address|iban)"
)
_SECRET = re.compile(r"(.+_)?(password|passphrase|secret|api_key|private_key)|(.+_)?.*_token|token")
_NOT_SECRET = re.compile(r"(page|next|csrf)_token")


def personal_fields_are_marked(subject: Subject) -> Iterator[str]:
    """Fields such as email, phone or a person's name carry the mark Personal()."""
    for model in subject.messages:
        personal = {name for name in _texts(model) if _PERSONAL.fullmatch(name)}
        if personal and "name" in _texts(model):
            # Beside an address or a number, a name is a person's.
            personal.add("name")
        marked = marked_fields(model, Personal) | marked_fields(model, Confidential)
        for name in sorted(personal - marked):
            yield (
                f"{model.__name__}.{name} speaks of a person; write it as "
                "Annotated[…, Personal()], so that logs mask it and an erasure finds it."
            )


def secret_fields_are_marked(subject: Subject) -> Iterator[str]:
    """Fields such as password, token or api_key carry the mark Confidential()."""
    for model in subject.messages:
        secret = {
            name
            for name in _texts(model)
            if _SECRET.fullmatch(name) and not _NOT_SECRET.fullmatch(name)
        }
        for name in sorted(secret - marked_fields(model, Confidential)):
            yield (
                f"{model.__name__}.{name} is a secret; write it as "
                "Annotated[…, Confidential()], so that nothing shows or logs it."
            )


def _texts(model: type[BaseModel]) -> frozenset[str]:
    fields = model.model_fields.items()
    return frozenset(name for name, field in fields if _holds_text(field.annotation))


def _holds_text(annotation: Any) -> bool:
    return annotation is str or any(_holds_text(part) for part in get_args(annotation))


CHECKS = (personal_fields_are_marked, secret_fields_are_marked)
