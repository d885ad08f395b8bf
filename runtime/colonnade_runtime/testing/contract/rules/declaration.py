"""Rules about what a plugin says of itself."""

import re
from collections.abc import Iterator

from colonnade.services import PluginInfo
from colonnade_runtime.declaration.model.platform import NAME_PATTERN, SERVICE_NAME_PATTERN
from colonnade_runtime.plugins.installed import installed_plugins
from colonnade_runtime.plugins.plugin import ADVICE_FOR_OPERATORS, PluginError
from colonnade_runtime.testing.contract.examination.subject import NotTried, Subject

_VERSION = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
)
_BROKEN = " is broken: "


def says_who_it_is(subject: Subject) -> Iterator[str]:
    """plugin_info names the plugin, gives a semantic version and says in a line what it is for."""
    try:
        info = subject.info
    except NotTried as reason:
        yield f"{subject.module.__name__}: {reason}. Return PluginInfo(name, version, service)."
        return
    yield from _names(info)
    if _VERSION.fullmatch(info.version) is None:
        yield f"the version '{info.version}' is not semantic; write MAJOR.MINOR.PATCH, as 1.4.0."
    if not info.description.strip():
        yield "plugin_info has no description; say in one line what the plugin is for."
    if info.service is None and not info.implements and not info.name:
        yield "plugin_info provides no service and implements no service's hooks."
    yield from _entry_point(subject)


def hooks_are_known_and_called_right(subject: Subject) -> Iterator[str]:
    """Every hook it implements is specified, with the arguments of the specification."""
    for problem in _loading_problems(subject):
        if _BROKEN in problem:
            yield problem


def hooks_answer(subject: Subject) -> Iterator[str]:
    """Every hook without arguments answers, at once and without raising."""
    _ = subject.plugin
    if subject.broken_import is not None:
        yield str(subject.broken_import)
        return
    for name in subject.hooks_without_arguments:
        try:
            subject.answer(name)
        except NotTried as reason:
            yield f"{reason}. Hooks describe; what can fail belongs into create_service."


def what_it_requires_exists(subject: Subject) -> Iterator[str]:
    """Every service in `requires` is there, and none of them requires this one in a circle."""
    if subject.service in subject.info.requires:
        yield f"requires names '{subject.service}', the plugin's own service; take it out."
    for problem in _loading_problems(subject):
        if _BROKEN not in problem:
            yield problem


def _names(info: PluginInfo) -> Iterator[str]:
    if re.fullmatch(NAME_PATTERN, info.name) is None:
        yield f"the name '{info.name}' cannot stand in platform.yaml; use a-z, 0-9 and '-'."
    if info.service is not None and re.fullmatch(SERVICE_NAME_PATTERN, info.service) is None:
        yield f"the service '{info.service}' cannot stand in platform.yaml; use a-z, 0-9 and '-'."


def _entry_point(subject: Subject) -> Iterator[str]:
    for name, distribution, _, entry in installed_plugins():
        if entry.value == subject.module.__name__ and name != subject.info.name:
            yield (
                f"{distribution} registers it as '{name}', and plugin_info calls it "
                f"'{subject.info.name}'; give both the same name."
            )


def _loading_problems(subject: Subject) -> tuple[str, ...]:
    try:
        _ = subject.info, subject.plugins
    except PluginError as error:
        return tuple(each.replace(ADVICE_FOR_OPERATORS, "") for each in error.problems)
    return ()


CHECKS = (
    says_who_it_is,
    hooks_are_known_and_called_right,
    hooks_answer,
    what_it_requires_exists,
)
