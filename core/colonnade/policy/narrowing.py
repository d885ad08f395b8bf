"""Narrowing of policies by a tenant: denies in its file, and nothing that grants."""

from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    model_validator,
)

from colonnade.policy.decision import Operator
from colonnade.policy.engine import Facts
from colonnade.policy.parsing import MAX_CONDITIONS, MAX_LIST_VALUES, MAX_TEXT, parse_grant

MAX_DENIES = 64

Name = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Scalar = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=MAX_TEXT)]


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RelatedValue(_Declared):
    """The value of a `related` condition."""

    relation: Name = Field(description="A relation of the resource type, such as enrolled.")
    subject: Name = Field(description="The id of the principal who is related.")


class TenantCondition(_Declared):
    """One comparison of a field of the object."""

    field: Name = Field(description="A field of the resource type that policies may name.")
    op: Operator = Field(description="How the field is compared.")
    value: Scalar | list[Scalar] | RelatedValue = Field(description="What it is compared with.")

    @model_validator(mode="after")
    def _fits_operator(self) -> Self:
        parse_grant([self.model_dump(mode="json")], "when")
        return self


class TenantDeny(_Declared):
    """One thing that policies would permit and this tenant does not."""

    action: Name = Field(description="The action, such as course.publish, or * for every one.")
    roles: Annotated[tuple[Name, ...], Field(min_length=1, max_length=MAX_LIST_VALUES)] | None = (
        Field(None, description="For principals of these roles only; for everybody if left out.")
    )
    when: Annotated[tuple[TenantCondition, ...], Field(max_length=MAX_CONDITIONS)] = Field(
        (), description="For objects that satisfy all of these only; for every one if left out."
    )


class TenantPolicy(_Declared):
    """The `policy` of a tenant's file. It narrows what the platform's policies permit."""

    deny: Annotated[tuple[TenantDeny, ...], Field(max_length=MAX_DENIES)] = Field(
        (), description="What is not permitted here, whatever the platform's policies say."
    )

    def facts(self) -> Facts:
        """The `tenant_data` of a policy query."""
        return Facts(self.model_dump(mode="json", exclude_none=True))
