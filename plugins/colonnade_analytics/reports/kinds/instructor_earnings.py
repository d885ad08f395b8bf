"""Instructor earnings: shares of payments, less those of refunds."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from colonnade.errors import ColonnadeError, Unavailable
from colonnade.store import Session
from colonnade_analytics.api import (
    Amount,
    BarChart,
    Cell,
    Column,
    ReportParameters,
    ReportSource,
    ReportTable,
    Series,
)
from colonnade_analytics.calendar.instants import quarter_of
from colonnade_analytics.models import EarningRow, PersonRow
from colonnade_analytics.privacy.pseudonyms import known_person
from colonnade_analytics.reports.captions import subtitle, titles_of
from colonnade_analytics.reports.scope import in_scope, instants, last_day
from colonnade_analytics.wording.formats import money
from colonnade_analytics.wording.texts import text
from colonnade_user.api import GetProfile

CHARTED_INSTRUCTORS = 20


@dataclass(frozen=True, slots=True)
class _Earning:
    person_id: int
    user_id: UUID | None
    course_id: UUID
    course: str
    currency: str
    amount: int


class InstructorEarnings:
    """Earnings by instructor and course. Instructors see their own alone."""

    name = "instructor_earnings"
    parameters = ReportParameters

    def title(self, locale: str) -> str:
        """Title for people."""
        return text(locale, "instructor_earnings")

    async def step(
        self, source: ReportSource, parameters: ReportParameters, state: Mapping[str, Any] | None
    ) -> ReportTable:
        """Make the whole report; the user service is asked for names."""
        earned = await source.read(lambda session: _earned(session, source, parameters))
        names = {item.person_id: item.user_id for item in earned}
        named = {number: await _name(source, number, user) for number, user in names.items()}
        currency = _main_currency(earned, source)
        return ReportTable(
            title=self.title(source.locale),
            subtitle=subtitle(source, parameters.from_date, last_day(source, parameters)),
            columns=_columns(source.locale),
            rows=tuple(_row(item, named) for item in earned),
            summary=_summary(earned, source.locale),
            chart=_chart(earned, named, currency, source.locale),
        )


def _earned(
    session: Session, source: ReportSource, parameters: ReportParameters
) -> Sequence[_Earning]:
    first, after = instants(source, parameters)
    total = func.sum(EarningRow.amount)
    keys = (EarningRow.person_id, EarningRow.course_id, EarningRow.currency)
    query = (
        select(*keys, PersonRow.user_id, total)
        .join(PersonRow, PersonRow.id == EarningRow.person_id)
        .where(
            EarningRow.quarter >= quarter_of(first),
            EarningRow.quarter < quarter_of(after),
            in_scope(EarningRow.course_id, source),
        )
        .group_by(*keys, PersonRow.user_id)
    )
    if source.scope is not None:
        query = query.where(EarningRow.person_id == _own_number(session, source))
    found = session.execute(query).all()
    titles = titles_of(session, {row[1] for row in found}, source.locale)
    earned = [
        _Earning(person, user, course, titles[course], currency, int(amount))
        for person, course, currency, user, amount in found
    ]
    return sorted(earned, key=lambda item: (item.currency, -item.amount, item.person_id))


def _own_number(session: Session, source: ReportSource) -> int:
    with suppress(ValueError):
        known = known_person(session, UUID(source.requested_by))
        if known is not None:
            return known
    return 0


async def _name(source: ReportSource, number: int, user_id: UUID | None) -> str:
    unknown = text(source.locale, "unknown_person", number=number)
    if user_id is None:
        return unknown
    try:
        return (await source.ask(GetProfile(user_id=user_id))).name or unknown
    except Unavailable:
        raise
    except ColonnadeError:
        return unknown


def _main_currency(earned: Sequence[_Earning], source: ReportSource) -> str:
    currencies = [item.currency for item in earned]
    if source.tenant.currency in currencies or not currencies:
        return source.tenant.currency
    return max(sorted(set(currencies)), key=currencies.count)


def _columns(locale: str) -> tuple[Column, ...]:
    return (
        Column("instructor", text(locale, "instructor")),
        Column("course_id", "ID"),
        Column("course", text(locale, "course")),
        Column("earned", text(locale, "earned"), "money"),
    )


def _row(item: _Earning, names: Mapping[int, str]) -> dict[str, Cell]:
    return {
        "instructor": names[item.person_id],
        "course_id": str(item.course_id),
        "course": item.course,
        "earned": Amount(amount=item.amount, currency=item.currency),
    }


def _summary(earned: Sequence[_Earning], locale: str) -> tuple[str, ...]:
    sentences = []
    for currency in sorted({item.currency for item in earned}):
        mine = [item for item in earned if item.currency == currency]
        amount = money(sum(item.amount for item in mine), currency, locale)
        number = len({item.person_id for item in mine})
        sentences.append(text(locale, "earned_total", amount=amount, number=number))
    return tuple(sentences)


def _chart(
    earned: Sequence[_Earning], names: Mapping[int, str], currency: str, locale: str
) -> BarChart:
    totals: dict[int, int] = {}
    for item in earned:
        if item.currency == currency:
            totals[item.person_id] = totals.get(item.person_id, 0) + item.amount
    ranked = sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:CHARTED_INSTRUCTORS]
    return BarChart(
        categories=tuple(names[person] for person, _ in ranked),
        series=(Series(text(locale, "earned"), tuple(amount for _, amount in ranked)),),
        category_label=text(locale, "instructor"),
        value_label=text(locale, "amount", currency=currency),
        form="money",
        currency=currency,
        notes=tuple(money(amount, currency, locale) for _, amount in ranked),
    )
