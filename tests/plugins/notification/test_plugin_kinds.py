"""Kinds of messages that plugins bring by the hook `notifications`."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from chess_plugin import GAMES, TEXTS, GameWon, chess_plugin, game_won
from notification_bench import NotificationBench

from colonnade.errors import ConfigurationError, NotFound, ValidationFailed
from colonnade.identifiers import new_id
from colonnade_notification import plugin
from colonnade_notification.api import (
    Category,
    GetPreferences,
    GetTemplate,
    ListNotifications,
    ListTemplates,
    MandatoryCategory,
    Mode,
    NotificationCategory,
    NotificationText,
    PreviewTemplate,
    PutTemplate,
    UpdatePreferences,
)
from colonnade_notification.models import NotificationRow
from colonnade_notification.wording.catalogue import MessageCatalogue


@pytest.fixture
async def bench() -> AsyncIterator[NotificationBench]:
    async with NotificationBench(plugins=[chess_plugin()]) as running:
        yield running


async def win(bench: NotificationBench, winner: UUID, **said: Any) -> UUID:
    game = new_id()
    await bench.deliver(GameWon(game_id=game, winner_id=winner, **said))
    return game


async def choose(bench: NotificationBench, person: UUID, **changes: Any) -> Any:
    return await bench.ask_as(person, UpdatePreferences(**changes))


async def test_an_event_of_a_plugin_reaches_those_it_names_in_its_words(
    bench: NotificationBench,
) -> None:
    ada, grace = bench.account("Ada"), bench.account("Grace")
    game = await win(bench, ada, watcher_ids=(grace, ada), moves=12)
    await bench.becomes("sent", count=2)
    for person, name in ((ada, "Ada"), (grace, "Grace")):
        [told] = (await bench.ask_as(person, ListNotifications())).items
        assert (told.kind, told.category) == ("game_won", Category.LEARNING)
        assert told.title == "Won in 12 moves"
        assert f"Hello {name}," in told.body
        assert told.link is not None
        assert told.link.endswith(f"/games/{game}")


async def test_it_is_told_once_however_often_the_event_comes(bench: NotificationBench) -> None:
    ada, event_id = bench.account(), new_id()
    won = GameWon(game_id=new_id(), winner_id=ada)
    await bench.deliver(won, event_id=event_id)
    await bench.deliver(won, event_id=event_id)
    assert len(await bench.rows("in_app")) == 1


async def test_a_recipient_reads_it_in_their_language(bench: NotificationBench) -> None:
    ada = bench.account()
    await choose(bench, ada, locale="de-AT")
    await win(bench, ada)
    [told] = (await bench.ask_as(ada, ListNotifications())).items
    assert told.title == "In 30 Zügen"


async def test_who_has_no_account_any_more_is_passed_over(bench: NotificationBench) -> None:
    await win(bench, new_id(), watcher_ids=(bench.account(),))
    assert len(await bench.rows("in_app")) == 1


async def test_an_event_names_a_hundred_people_at_most(bench: NotificationBench) -> None:
    with pytest.raises(Exception, match="more than 100 people"):
        await win(bench, new_id(), watcher_ids=tuple(new_id() for _ in range(100)))


async def test_a_category_of_a_plugin_is_turned_off_by_itself(bench: NotificationBench) -> None:
    ada = bench.account()
    before = await bench.ask_as(ada, GetPreferences())
    [own] = before.plugin_categories
    assert (own.name, own.title, own.counts_as) == ("chess", "Chess", Category.LEARNING)
    assert own.channels["email"] is Mode.IMMEDIATELY
    after = await choose(bench, ada, plugin_categories={"chess": {"email": "off"}})
    assert after.plugin_categories[0].channels["email"] is Mode.OFF
    assert after.channels["email"][Category.LEARNING] is Mode.IMMEDIATELY
    await win(bench, ada)
    assert await bench.rows("email") == []
    assert len(await bench.rows("in_app")) == 1


async def test_it_goes_by_the_category_that_it_counts_as_until_somebody_chooses(
    bench: NotificationBench,
) -> None:
    ada = bench.account()
    after = await choose(bench, ada, channels={"email": {"learning": "off"}})
    assert after.plugin_categories[0].channels["email"] is Mode.OFF
    chosen = await choose(bench, ada, plugin_categories={"chess": {"email": "daily"}})
    assert chosen.plugin_categories[0].channels["email"] is Mode.DAILY
    await win(bench, ada)
    assert [row.status for row in await bench.rows("email") if row.kind == "game_won"] == ["held"]


async def test_its_title_is_in_the_readers_language(bench: NotificationBench) -> None:
    found = await choose(bench, bench.account(), locale="de")
    assert found.plugin_categories[0].title == "Schach"


@pytest.mark.parametrize(
    ("chosen", "pointer"),
    [
        ({"draughts": {"email": "off"}}, "/plugin_categories/draughts"),
        ({"chess": {"pigeon": "off"}}, "/plugin_categories/chess/pigeon"),
        ({"chess": {"in_app": "daily"}}, "/plugin_categories/chess/in_app"),
    ],
)
async def test_what_cannot_be_chosen_is_told_with_its_place(
    bench: NotificationBench, chosen: dict[str, dict[str, str]], pointer: str
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        await choose(bench, bench.account(), plugin_categories=chosen)
    assert [field.pointer for field in refused.value.fields] == [pointer]


async def test_a_category_that_counts_as_receipts_always_arrives() -> None:
    fees = NotificationCategory("fees", {"en": "Fees"}, Category.RECEIPTS)
    async with NotificationBench(plugins=[chess_plugin(game_won(category=fees))]) as bench:
        with pytest.raises(MandatoryCategory):
            await choose(bench, bench.account(), plugin_categories={"fees": {"email": "off"}})


async def test_a_link_in_a_mail_turns_off_the_plugins_category_alone(
    bench: NotificationBench,
) -> None:
    ada = bench.account()
    await win(bench, ada)
    [row] = await bench.becomes("sent")
    mail = bench.mail(row.id).read_text().replace("\n ", "")
    path = mail.partition("List-Unsubscribe: <")[2].partition(">")[0].partition("/api/v1")[2]
    async with bench.client() as http:
        assert (await http.post(f"/api/v1{path}")).status_code == 200
    after = await bench.ask_as(ada, GetPreferences())
    assert after.plugin_categories[0].channels["email"] is Mode.OFF
    assert after.channels["email"][Category.LEARNING] is Mode.IMMEDIATELY


async def test_an_academy_puts_its_own_words_in_place_of_a_plugins(
    bench: NotificationBench,
) -> None:
    owner, ada = bench.owner(), bench.account()
    found = await bench.ask_as(owner, GetTemplate(kind="game_won", locale="de"))
    assert (found.subject, found.custom) == (TEXTS["de"].subject, False)
    listed = (await bench.ask_as(owner, ListTemplates(kind="game_won"))).items
    assert [each.locale for each in listed] == ["de", "en"]
    shown = await bench.ask_as(owner, PreviewTemplate(kind="game_won", locale="en"))
    assert shown.subject == "Won in 30 moves"
    await bench.ask_as(
        owner, PutTemplate(kind="game_won", locale="en", subject="Mate!", text="{{ moves }}")
    )
    await win(bench, ada)
    [told] = (await bench.ask_as(ada, ListNotifications())).items
    assert told.title == "Mate!"
    with pytest.raises(ValidationFailed):
        await bench.ask_as(
            owner, PutTemplate(kind="game_won", locale="en", subject="{{ secret }}", text="x")
        )


async def test_what_waits_of_a_plugin_that_is_gone_is_a_dead_letter() -> None:
    async with NotificationBench() as bench:
        ada = bench.account()
        await bench.welcome(ada)
        [row] = await bench.becomes("sent")

        def unknown(session: Any) -> None:
            again = session.get(NotificationRow, row.id)
            again.kind, again.status = "game_won", "failed"

        await bench.run(unknown)
        owner = bench.owner()
        with pytest.raises(NotFound):
            await bench.ask_as(owner, GetTemplate(kind="game_won", locale="en"))
        async with bench.client(bench.person(roles={"owner"}, person_id=owner)) as http:
            assert (await http.post(f"/api/v1/deliveries/{row.id}/retry")).status_code == 200
        [failed] = await bench.becomes("failed")
        assert failed.problem == "No enabled plugin has a kind 'game_won'."


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Game won"}, "is no name for one"),
        ({"name": "welcome"}, "or the platform has it"),
        ({"texts": {"de": TEXTS["de"]}}, "has no text in 'en'"),
        ({"texts": {**TEXTS, "Deutsch": TEXTS["de"]}}, "is no language"),
        ({"texts": {"en": NotificationText("{{ secret }}", "x")}}, "there is no 'secret' here"),
        ({"texts": {"en": NotificationText("x", "{{ 9**9 }}")}}, "uses arithmetic"),
        ({"sample": {"moves": object()}}, "is no plain data"),
        ({"category": NotificationCategory("learning", {"en": "x"})}, "needs a name of its own"),
        ({"category": NotificationCategory("x", {"de": "x"})}, "a title in 'en'"),
    ],
)
def test_what_a_plugin_brings_is_checked_before_it_starts(
    changes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        MessageCatalogue([game_won(**changes)])


def test_two_plugins_do_not_bring_one_name() -> None:
    other = NotificationCategory("chess", {"en": "Go"}, GAMES.counts_as)
    with pytest.raises(ConfigurationError, match="Two enabled plugins bring a kind"):
        MessageCatalogue([game_won(), game_won()])
    with pytest.raises(ConfigurationError, match="Two enabled plugins bring a category"):
        MessageCatalogue([game_won(), game_won(name="game_lost", category=other)])
    shared = MessageCatalogue([game_won(), game_won(name="game_lost")])
    assert list(shared.own_categories) == ["chess"]


def test_a_broker_knows_the_reaction_before_any_process_starts() -> None:
    brought = plugin.extension_reactions(
        lambda hook: [[game_won()]] if hook == "notifications" else []
    )
    assert brought == {"PluginNews.game_won": GameWon}
