"""Templates of a tenant's own: kept, bounded, and passed over when they break."""

import pytest
from notification_house import House

from colonnade.errors import NotFound, ValidationFailed
from colonnade_notification.api import (
    DeleteTemplate,
    GetTemplate,
    ListTemplates,
    PreviewTemplate,
    PutTemplate,
    TooManyTemplates,
)
from colonnade_notification.handlers.templates import MAXIMUM_LANGUAGES
from colonnade_notification.models import TemplateRow


async def put(house: House, locale: str, subject: str = "Hi", **more: str) -> None:
    request = PutTemplate(kind="welcome", locale=locale, subject=subject, text="Hi", **more)
    await house.ask(house.person("Olga"), request)


async def test_a_template_that_broke_is_passed_over_and_its_row_says_why(house: House) -> None:
    def kept_by_an_older_release(session):  # type: ignore[no-untyped-def]
        session.add(
            TemplateRow(
                kind="welcome",
                locale="en",
                subject="{{ cycler() }}",
                text="Hi",
                updated_by="somebody",
            )
        )

    await house.run(kept_by_an_older_release)
    ada = house.person()
    await house.welcome(ada)
    [row] = await house.rows("in_app")
    assert row.title == "Welcome to Acme Academy"
    await house.becomes("sent")
    page = await house.ask(ada, ListTemplates.model_validate({"kind": "welcome"}))
    [own] = [item for item in page.items if item.custom]
    assert own.problem == "Line 1: the template uses a call, which templates may not."
    await put(house, "en", "Welcome, {{ person.name }}")
    assert (await house.ask(ada, GetTemplate(kind="welcome", locale="en"))).problem is None
    await house.welcome(ada)
    assert [one.title for one in await house.rows("in_app")][1] == "Welcome, Ada"


async def test_markup_of_its_own_reaches_mail_without_what_could_run(house: House) -> None:
    markup = '<p>Hi {{ person.name }}</p><script>x</script><img src="http://x/" onerror="x">'
    await put(house, "en", html=markup)
    ada = house.person("<b>Ada</b>", "ada@people.example")
    await house.welcome(ada)
    [row] = await house.becomes("sent")
    letter = (house.folder / "var/mail/acme" / f"{row.id}.eml").read_text()
    assert "<p>Hi &lt;b&gt;Ada&lt;/b&gt;</p>" in letter
    assert "script" not in letter
    assert "onerror" not in letter


async def test_there_is_room_for_so_many_languages(house: House) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    locales = [f"{first}{second}" for first in letters for second in letters]
    for locale in locales[:MAXIMUM_LANGUAGES]:
        await put(house, locale)
    with pytest.raises(TooManyTemplates):
        await put(house, locales[MAXIMUM_LANGUAGES])
    await put(house, locales[0], "Again")
    olga = house.person("Olga")
    await house.ask(olga, DeleteTemplate(kind="welcome", locale=locales[0]))
    await put(house, locales[MAXIMUM_LANGUAGES])


async def test_a_preview_keeps_nothing(house: House) -> None:
    olga = house.person("Olga")
    preview = PreviewTemplate(kind="payment_captured", locale="de-AT")
    shown = await house.ask(olga, preview)
    assert shown.subject.replace("\N{NO-BREAK SPACE}", " ") == "Ihre Zahlung über € 49,00"
    own = preview.model_copy(update={"subject": "{{ amount|money }}", "text": "Danke"})
    assert (await house.ask(olga, own)).text == "Danke\n"
    with pytest.raises(ValidationFailed):
        await house.ask(olga, preview.model_copy(update={"text": "{{ amount.pop() }}"}))
    found = await house.ask(olga, GetTemplate(kind="payment_captured", locale="de-AT"))
    assert (found.custom, found.locale) == (False, "de")


async def test_a_kind_that_is_none_is_not_found(house: House) -> None:
    with pytest.raises(NotFound):
        await house.ask(house.person(), GetTemplate(kind="no_such_kind", locale="en"))
