"""Each rule finds what it is there for, in a plugin that is broken in one place."""

from collections.abc import Callable

import pytest
from broken_plugins import BREAKS, Break

from colonnade_runtime.testing.contract import RULES, NotTried, Rule, Subject

Write = Callable[..., Subject]


def rule(name: str) -> Rule:
    [found] = [each for each in RULES if each.name == name]
    return found


def test_every_rule_has_a_plugin_that_breaks_it() -> None:
    assert [each.name for each in RULES if each.name not in BREAKS] == []


def test_a_plugin_as_written_keeps_every_rule(write: Write) -> None:
    subject = write()
    assert {each.name: each.problems(subject) for each in RULES} == {
        each.name: [] for each in RULES
    }


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        pytest.param(name, broken, id=f"{name}-{number}")
        for name, found in BREAKS.items()
        for number, broken in enumerate(found, 1)
    ],
)
def test_a_broken_plugin_is_told_what_to_mend(write: Write, name: str, broken: Break) -> None:
    subject = write(broken.file, (broken.old, broken.new), *broken.also)
    told = rule(name).problems(subject)
    assert any(broken.says in problem for problem in told), told


def test_what_cannot_be_tried_says_why(write: Write) -> None:
    start = "    yield [ItemHandlers(ctx)"
    subject = write("service.py", (start, f"    raise OSError('no paper')\n{start}"))
    with pytest.raises(NotTried, match="no paper"):
        rule("operations_have_handlers").problems(subject)


def test_a_plugin_may_bring_several_files_of_its_package(write: Write) -> None:
    returned = '    return {"SERVICE.rego": (folder / "SERVICE.rego").read_text("utf-8")'
    more = '"package colonnade.services.SERVICE\\n\\nis_reader if true\\n"'
    subject = write("plugin.py", (returned, f'{returned}, "SERVICE_readers.rego": {more}'))
    assert rule("actions_have_policies").problems(subject) == []
