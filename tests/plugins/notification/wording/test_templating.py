"""Templates that strangers write: what they may, what they may not, and that they never raise."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade_notification.wording import templating
from colonnade_notification.wording.kinds import KINDS, sample_of
from colonnade_notification.wording.templates import (
    PLATFORM_LOCALES,
    MessageTemplate,
    fill,
    fill_template,
    platform_template,
    subject_line,
)
from colonnade_notification.wording.templating import TemplateRefused, check, render

FACTS: dict[str, Any] = {
    "person": {"name": "Ada <b>"},
    "academy": {"name": "Acme"},
    "items": [{"title": "one"}, {"title": "two"}],
    "amount": {"amount": 490000, "currency": "EUR"},
    "happened_at": "2026-03-29T00:30:00+00:00",
    "locale": "de-AT",
    "timezone": "Europe/Vienna",
}

REACHING = [
    "{{ ''.__class__.__mro__ }}",
    "{{ person.name.__class__ }}",
    "{{ person.name.__init__.__globals__ }}",
    "{{ person|attr('__class__') }}",
    "{{ person.items() }}",
    "{{ person.get('name') }}",
    "{{ person.name.format(person) }}",
    "{{ '{0.__class__}'.format(person) }}",
    "{{ '%s'|format(person) }}",
    "{{ self._TemplateReference__context }}",
    "{{ cycler.__init__ }}",
    "{{ lipsum(9999) }}",
    "{{ namespace() }}",
    "{{ ['x']|map('upper')|list }}",
    "{% include 'secrets' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% block x %}{% endblock %}",
    "{{ loop.__class__ }}",
    "{% for i in items %}{{ loop._iterator }}{% endfor %}",
]
LOOPING = [
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for i in 'abcdefgh' %}x{% endfor %}",
    "{% for i in items %}{% for j in items %}x{% endfor %}{% endfor %}",
    "{% for i in items %}{% if true %}{% for j in items %}x{% endfor %}{% endif %}{% endfor %}",
    "{% for i in items recursive %}{{ loop(items) }}{% endfor %}",
    "{% set x = 'a' %}{% for i in items %}{% set x = x ~ x %}{% endfor %}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{{ 'a' * 10**9 }}",
    "{{ 9**9**9 }}",
    "{{ 2**99999999 }}",
    "{% for i in items * 1000000 %}x{% endfor %}",
    "{% for i in items if 9**9**9 %}x{% endfor %}",
    "{{ 'x'|center(1000000000) }}",
    "{{ 'x'|indent(1000000000) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{% if true %}" * 400 + "{% endif %}" * 400,
    "{{ " + "-" * 5000 + "1 }}",
]


@pytest.mark.parametrize("source", REACHING)
def test_a_template_that_reaches_for_attributes_is_refused(source: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        check(source, FACTS)
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("source", LOOPING)
def test_a_template_that_loops_or_swells_is_refused_at_once(source: str) -> None:
    began = time.perf_counter()
    with pytest.raises(TemplateRefused):
        check(source, FACTS)
    with pytest.raises(TemplateRefused):
        render(source, FACTS, escape=True)
    assert time.perf_counter() - began < 5


def test_a_subscript_finds_facts_only() -> None:
    assert render("{{ person['__class__'] }}{{ items['append'] }}", FACTS, escape=False) == ""


def test_a_template_that_speaks_of_nothing_known_says_what_there_is() -> None:
    with pytest.raises(TemplateRefused, match=r"no 'persn' here; there is: academy, amount"):
        check("Hello {{ persn.name }}", FACTS)


def test_money_and_time_are_written_as_the_reader_does() -> None:
    text = render("{{ amount|money }} am {{ happened_at|date }}", FACTS, escape=False)
    assert text.replace("\N{NO-BREAK SPACE}", " ") == "€ 4.900,00 am 29. März 2026"
    english = {**FACTS, "locale": "en-US", "timezone": "America/New_York"}
    text = render("{{ amount|money }} on {{ happened_at|date }}", english, escape=False)
    assert text == "€4,900.00 on March 28, 2026"


def test_what_people_are_called_is_text_in_html() -> None:
    assert render("{{ person.name }}", FACTS, escape=True) == "Ada &lt;b&gt;"


def test_a_list_is_told_up_to_a_bound() -> None:
    facts = {**FACTS, "items": ["x" * 10_000] * 10_000}
    assert len(render("{% for i in items %}{{ i|first }}{% endfor %}", facts, escape=False)) == 200
    with pytest.raises(TemplateRefused, match="more than 200000 characters"):
        render("{% for i in items %}{{ i }}{% endfor %}", facts, escape=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("locale", PLATFORM_LOCALES)
def test_every_kind_has_words_of_the_platforms_own(kind: str, locale: str) -> None:
    wording = platform_template(kind, locale)
    assert wording is not None
    facts = sample_of(KINDS[kind], "Acme", locale, "Europe/Berlin")
    for source in (wording.subject, wording.text, wording.action or ""):
        check(source, facts)
    words = fill_template(wording, facts)
    assert words.subject
    assert "\n" not in words.subject
    # What goes to an address that a stranger typed in holds no name that they chose.
    assert ("Ada Lovelace" in words.body) is not KINDS[kind].confirms
    # A mail with a link says until when it works, whatever that time is.
    told = fill_template(wording, {**facts, "expires_at": "2041-07-09T10:00:00+00:00"})
    assert ("2041" in told.body) is ("expires_at" in facts)


SNIPPETS = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "for i in items", "endfor", "if", "endif", "person", ".name",
     "__class__", "|", "upper", "money", "(", ")", "[0]", "'a'", "*", "9", "set x=", "\n", "ß",
     "{{ person.name }}", "{{ amount|money }}", "{% for i in items %}", "{% endfor %}"]
)  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.one_of(SNIPPETS, st.text(max_size=8)), max_size=25).map(" ".join))
def test_whatever_somebody_writes_is_refused_with_a_sentence_or_rendered(source: str) -> None:
    try:
        assert len(render(source, FACTS, escape=True)) <= templating.MAXIMUM_OUTPUT
    except TemplateRefused as refused:
        assert refused.message


@settings(deadline=None)
@given(
    st.lists(st.one_of(SNIPPETS, st.text(max_size=8)), max_size=25).map(" ".join),
    st.dictionaries(st.text(max_size=5), st.one_of(st.text(), st.integers(), st.none())),
    st.text(max_size=12),
)
def test_a_message_always_has_words(source: str, facts: dict[str, Any], locale: str) -> None:
    broken = {"en": MessageTemplate("en", source, source, source, source, custom=True)}
    words = fill("welcome", {**FACTS, **facts}, (locale, "en"), broken)
    assert words.subject == subject_line(words.subject)
    assert isinstance(words.body, str)


def test_a_broken_template_of_the_tenants_own_gives_way_and_says_so() -> None:
    own = {"en": MessageTemplate("en", "{{ 9**9**9 }}", "x", custom=True)}
    words = fill("welcome", FACTS, ("en",), own)
    assert words.subject == "Welcome to Acme"
    assert words.problem == "Line 1: the template uses arithmetic, which templates may not."


@pytest.mark.parametrize(
    ("reader", "academy", "own", "expected"),
    [
        ("de-AT", "en", ["de-AT", "de"], "de-AT"),
        ("de-AT", "en", ["de"], "de"),
        ("de-CH", "en", ["de-AT"], "de"),
        ("fr", "de", [], "de"),
        ("fr", "it-CH", ["it"], "it"),
        ("fr", "es", [], "en"),
    ],
)
def test_the_nearest_language_is_taken(
    reader: str, academy: str, own: list[str], expected: str
) -> None:
    custom = {locale: MessageTemplate(locale, locale, "x", custom=True) for locale in own}
    words = fill("welcome", FACTS, (reader, academy), custom)
    assert words.locale == expected
