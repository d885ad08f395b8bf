"""A value is changed in a tenant's file, and everything else in it stays, comments included."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colonnade_runtime.declaration.yaml.amendment import NotAmendable
from colonnade_runtime.declaration.yaml.file_amendment import amended_file
from colonnade_runtime.declaration.yaml.parser import parse
from colonnade_runtime.declaration.yaml.values import values_of

FILE = """\
# Acme
version: 1
id: acme   # the id

name: 'Acme'   # on the door
branding:
  # what people see
  title: Acme
locale: en
"""
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn", "Co"]),
    min_size=1,
    max_size=80,
)


def declared(data: bytes) -> dict[str, object]:
    found = values_of(parse(data, "acme.yaml"), {})
    assert not found.problems
    return dict(found.data)


@settings(max_examples=40)
@given(TEXTS, st.sampled_from(["name", "branding.title", "branding.logo", "timezone"]))
def test_any_text_comes_back_as_itself_and_comments_stay(text: str, key: str) -> None:
    changed = amended_file(FILE.encode(), {key: text})
    data = declared(changed)
    for step in key.split("."):
        data = data[step]  # type: ignore[assignment]
    assert data == text
    kept = changed.decode()
    for comment in ("# Acme\n", "# the id\n", "# on the door\n", "# what people see\n"):
        assert comment in kept


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        ("id: acme\n", {"branding.title": "A"}, "id: acme\nbranding:\n  title: A\n"),
        ("id: acme", {"name": "A"}, "id: acme\nname: A\n"),
        ("id: acme\nbranding:\n", {"branding.title": "A"}, "id: acme\nbranding:\n  title: A\n"),
        ("id: acme\nname:\n", {"name": "A"}, "id: acme\nname: A\n"),
        ("{id: acme}\n", {"branding.title": "A, B"}, '{branding: {title: "A, B"}, id: acme}\n'),
        ("branding: {}\nid: a\n", {"branding.title": "A"}, "branding: {title: A}\nid: a\n"),
        ("id: acme\r\nname: B\r\n", {"name": "A"}, "id: acme\r\nname: A\r\n"),
        ("id: acme\n", {"branding.title": None}, "id: acme\n"),
        ("\ufeffid: acme\n", {"name": "A"}, "\ufeffid: acme\nname: A\n"),
        ("branding:\n  title: B\n", {"name": "A"}, "name: A\nbranding:\n  title: B\n"),
    ],
)
def test_a_key_is_changed_or_added_where_it_belongs(
    before: str, changes: dict[str, str | None], after: str
) -> None:
    assert amended_file(before.encode(), changes).decode() == after


@pytest.mark.parametrize(
    "text",
    [
        "name: ${NAME}\n",
        "name: >\n  folded\n",
        "name: [a]\n",
        "id: &a x\nname: *a\n",
        "name: &a x\nid: *a\n",
        "name: [\n",
        "- name\n",
    ],
)
def test_what_a_machine_would_spoil_is_left_to_people(text: str) -> None:
    with pytest.raises(NotAmendable):
        amended_file(text.encode(), {"name": "A"})
