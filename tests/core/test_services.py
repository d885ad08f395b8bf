"""Contexts: typed by a plugin's config models, and as before where a plugin names none."""

from typing import get_args

from pydantic import BaseModel

from colonnade.services import ExtensionContext, ServiceContext


class TeaConfig(BaseModel):
    """A model."""


def test_a_context_names_both_models() -> None:
    assert get_args(ServiceContext[TeaConfig, BaseModel]) == (TeaConfig, BaseModel)


def test_a_model_that_is_left_out_is_any_model() -> None:
    """Such are plugins without configuration for tenants, in every Python that is supported."""
    assert get_args(ServiceContext[TeaConfig]) == (TeaConfig, BaseModel)
    assert get_args(ExtensionContext[TeaConfig]) == (TeaConfig,)
