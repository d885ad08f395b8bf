"""What the contract says of itself."""

import inspect

import pytest
from pydantic import BaseModel, ValidationError

from colonnade.events import event_type_of
from colonnade.identifiers import new_id
from colonnade.messages import Message
from colonnade.operations import operation_of
from colonnade.personal import Confidential, Personal, marked_fields
from colonnade_runtime.testing import PluginContract
from colonnade_user import api
from colonnade_user import plugin as user_plugin
from colonnade_user.api import (
    EVENTS,
    OPERATIONS,
    ConfirmationRequested,
    UpdateProfile,
    UpdateUser,
    UserRegistered,
)
from colonnade_user.config import UserConfig

PERSONAL = {"email", "name", "q", "headline", "biography", "website", "location"}
CONFIDENTIAL = {
    "password",
    "current_password",
    "new_password",
    "device_token",
    "refresh_token",
    "access_token",
    "token",
}


def messages() -> list[type[BaseModel]]:
    return [
        item
        for item in vars(api).values()
        if inspect.isclass(item)
        and issubclass(item, Message)
        and item.__module__.startswith(api.__name__)
    ]


class TestUser(PluginContract):
    """The rules that every plugin keeps."""

    plugin = user_plugin


def test_every_event_is_keyed_by_its_user() -> None:
    """But for mails to addresses that may have no account."""
    keys = {event_type_of(model).key for model in EVENTS if model is not ConfirmationRequested}
    assert keys == {"user_id"}


def test_no_answer_about_accounts_or_sessions_is_cached() -> None:
    """What a principal may do must not outlive a change of their role or status."""
    assert not [item for item in OPERATIONS if operation_of(item).cached]


@pytest.mark.parametrize("model", messages(), ids=lambda model: model.__name__)
def test_every_personal_field_is_marked(model: type[BaseModel]) -> None:
    if model.__name__ in ("ProfileVisibility", "VisibilityChange", "Academy", "UpdateAcademy"):
        return
    assert marked_fields(model, Personal) == PERSONAL & set(model.model_fields)


@pytest.mark.parametrize("model", messages(), ids=lambda model: model.__name__)
def test_every_secret_field_is_marked(model: type[BaseModel]) -> None:
    assert marked_fields(model, Confidential) == CONFIDENTIAL & set(model.model_fields)


def test_no_event_tells_an_address() -> None:
    assert "email" not in UserRegistered.model_fields


def test_a_change_tells_what_was_not_given_from_what_is_null() -> None:
    change = UpdateProfile(user_id=new_id(), headline=None)

    received = UpdateProfile.decode(change.encode())

    assert received.model_fields_set == {"user_id", "headline"}


def test_a_change_that_may_not_be_null_does_not_say_it_may() -> None:
    role = UpdateUser.model_json_schema()["properties"]["role"]

    assert role["$ref"].endswith("/Role")
    assert "anyOf" not in role


@pytest.mark.parametrize(
    "lifetimes",
    [
        {"access_token_lifetime": "30s"},
        {"access_token_lifetime": "2h"},
        {"session_idle_lifetime": "5m"},
        {"outage_grace": "2h"},
        {"session_idle_lifetime": "30d", "session_lifetime": "7d"},
    ],
)
def test_lifetimes_that_contradict_each_other_are_refused(lifetimes: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        UserConfig.model_validate(lifetimes)
