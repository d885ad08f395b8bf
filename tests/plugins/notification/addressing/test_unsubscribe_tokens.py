"""Unsubscribe links in mail from before links said when they were made."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from notification_bench import NotificationBench

from colonnade.identifiers import new_id
from colonnade.rows import PLACEHOLDER_SCHEMA
from colonnade_notification.addressing.unsubscribe_tokens import (
    Subscription,
    Undated,
    make_token,
    read_token,
)
from colonnade_notification.api import LinkExpired, UnknownToken, Unsubscribe
from colonnade_notification.models import KeyRow
from colonnade_runtime.adapters.store.migrations import discover_migrations

KEY = b"k" * 32
NOW = datetime(2026, 11, 30, tzinfo=UTC)
LIFETIME = timedelta(days=60)
LINK = Subscription(new_id(), "email", "learning")


def older_token(key: bytes, link: Subscription) -> str:
    """A token as the first releases made it."""
    said = link.user_id.bytes + f"{link.channel}/{link.category}".encode()
    mac = hmac.digest(key, b"unsubscribe\0" + said, hashlib.sha256)[:16]
    return base64.urlsafe_b64encode(mac + said).rstrip(b"=").decode()


def test_an_older_link_works_for_one_more_lifetime() -> None:
    undated = Undated(KEY, since=NOW)
    token = older_token(KEY, LINK)
    assert read_token(KEY, token, NOW + LIFETIME, LIFETIME, undated) == LINK
    with pytest.raises(LinkExpired):
        read_token(KEY, token, NOW + LIFETIME + timedelta(seconds=1), LIFETIME, undated)


def test_an_academy_that_never_made_one_takes_none() -> None:
    with pytest.raises(UnknownToken):
        read_token(KEY, older_token(KEY, LINK), NOW, LIFETIME)


def test_a_newer_link_is_none_of_the_older_form_and_the_other_way_round() -> None:
    token = make_token(KEY, LINK, NOW)
    assert read_token(KEY, token, NOW, LIFETIME, Undated(KEY, NOW)) == LINK
    other = Undated(b"o" * 32, NOW)
    with pytest.raises(UnknownToken):
        read_token(b"o" * 32, token, NOW, LIFETIME, other)
    with pytest.raises(UnknownToken):
        read_token(KEY, older_token(KEY, LINK), NOW, LIFETIME, other)


@pytest.mark.parametrize("had_links", [True, False])
def test_an_upgrade_notes_since_when_links_have_dates(tmp_path: Path, had_links: bool) -> None:
    plan = discover_migrations("colonnade_notification.migrations").migrations
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'store.sqlite'}")
    insert = "INSERT INTO notification_keys (name, value, created_at) VALUES (?, ?, ?)"
    with engine.connect() as connection:
        translated = connection.execution_options(schema_translate_map={PLACEHOLDER_SCHEMA: None})
        plan[0].upgrade(translated)
        if had_links:
            made = "2020-01-01 00:00:00.000000"
            translated.exec_driver_sql(insert, ("unsubscribe", KEY, made))
        plan[1].upgrade(translated)
        found = translated.exec_driver_sql(
            "SELECT value, created_at > '2026' FROM notification_keys WHERE name LIKE '%undated'"
        ).all()
    engine.dispose()
    assert found == ([(KEY, 1)] if had_links else [])


async def test_the_service_takes_an_older_link(bench: NotificationBench) -> None:
    ada = bench.account()
    link = Subscription(ada, "email", "learning")
    row = KeyRow(name="unsubscribe_undated", value=KEY, created_at=bench.clock.now())
    await bench.run(lambda session: session.add(row))
    await bench.ask_as(None, Unsubscribe(token=older_token(KEY, link)))
    bench.clock.advance(days=61)
    with pytest.raises(LinkExpired):
        await bench.ask_as(None, Unsubscribe(token=older_token(KEY, link)))
