"""Templates of a tenant's own: kept, bounded, and passed over when they break."""

import pytest
from notification_bench import NotificationBench

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


async def put(bench: NotificationBench, locale: str, subject: str = "Hi", **more: str) -> None:
    request = PutTemplate(kind="welcome", locale=locale, subject=subject, text="Hi", **more)
    await bench.ask_as(bench.owner(), request)


async def test_a_template_that_broke_is_passed_over_and_its_row_says_why(
    bench: NotificationBench,
) -> None:
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

    await bench.run(kept_by_an_older_release)
    ada = bench.account()
    await bench.welcome(ada)
    [row] = await bench.rows("in_app")
    assert row.title == "Welcome to Acme Academy"
    await bench.becomes("sent")
    page = await bench.ask_as(bench.owner(), ListTemplates.model_validate({"kind": "welcome"}))
    [own] = [item for item in page.items if item.custom]
    assert own.problem == "Line 1: the template uses a call, which templates may not."
    await put(bench, "en", "Welcome, {{ person.name }}")
    found = await bench.ask_as(bench.owner(), GetTemplate(kind="welcome", locale="en"))
    assert found.problem is None
    await bench.welcome(ada)
    assert [one.title for one in await bench.rows("in_app")][1] == "Welcome, Ada"


async def test_markup_of_its_own_reaches_mail_without_what_could_run(
    bench: NotificationBench,
) -> None:
    markup = '<p>Hi {{ person.name }}</p><script>x</script><img src="http://x/" onerror="x">'
    await put(bench, "en", html=markup)
    ada = bench.account("<b>Ada</b>", "ada@people.example")
    await bench.welcome(ada)
    [row] = await bench.becomes("sent")
    letter = bench.mail(row.id).read_text()
    assert "<p>Hi &lt;b&gt;Ada&lt;/b&gt;</p>" in letter
    assert "script" not in letter
    assert "onerror" not in letter


async def test_there_is_room_for_so_many_languages(bench: NotificationBench) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    locales = [f"{first}{second}" for first in letters for second in letters]
    for locale in locales[:MAXIMUM_LANGUAGES]:
        await put(bench, locale)
    with pytest.raises(TooManyTemplates):
        await put(bench, locales[MAXIMUM_LANGUAGES])
    await put(bench, locales[0], "Again")
    olga = bench.owner()
    await bench.ask_as(olga, DeleteTemplate(kind="welcome", locale=locales[0]))
    await put(bench, locales[MAXIMUM_LANGUAGES])


async def test_a_preview_keeps_nothing(bench: NotificationBench) -> None:
    olga = bench.owner()
    preview = PreviewTemplate(kind="payment_captured", locale="de-AT")
    shown = await bench.ask_as(olga, preview)
    assert shown.subject.replace("\N{NO-BREAK SPACE}", " ") == "Ihre Zahlung über € 49,00"
    own = preview.model_copy(update={"subject": "{{ amount|money }}", "text": "Danke"})
    assert (await bench.ask_as(olga, own)).text == "Danke\n"
    with pytest.raises(ValidationFailed):
        await bench.ask_as(olga, preview.model_copy(update={"text": "{{ amount.pop() }}"}))
    found = await bench.ask_as(olga, GetTemplate(kind="payment_captured", locale="de-AT"))
    assert (found.custom, found.locale) == (False, "de")


async def test_a_kind_that_is_none_is_not_found(bench: NotificationBench) -> None:
    with pytest.raises(NotFound):
        await bench.ask_as(bench.owner(), GetTemplate(kind="no_such_kind", locale="en"))
