"""The office's days: business days, 年度, 元号."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.calendar import (
    JST,
    Calendar,
    Unit,
    age,
    due,
    fiscal_quarter,
    fiscal_year,
    fiscal_year_label,
    fiscal_year_span,
)  # fmt: skip
from forms.moments import read_date, write_date, write_short

TOWN = Calendar()
DAYS = st.dates(min_value=date(1990, 1, 1), max_value=date(2045, 12, 31))


@pytest.mark.parametrize(
    ("day", "why"),
    [
        (date(2026, 11, 21), "土曜日"),
        (date(2026, 11, 22), "日曜日"),
        (date(2026, 11, 23), "勤労感謝の日"),
        (date(2026, 9, 22), "国民の休日: 敬老の日と秋分の日の間"),
        (date(2026, 5, 6), "振替休日: 憲法記念日が日曜日"),
        (date(2025, 2, 24), "振替休日: 天皇誕生日が日曜日"),
        (date(2026, 12, 29), "年末"),
        (date(2026, 12, 31), "年末"),
        (date(2027, 1, 1), "元日"),
        (date(2029, 1, 3), "年始"),
        (date(2019, 5, 1), "即位の日"),
    ],
)
def test_the_office_is_closed(day: date, why: str) -> None:
    assert not TOWN.is_business_day(day), why


@pytest.mark.parametrize("day", [date(2026, 11, 24), date(2026, 12, 28), date(2027, 1, 4), date(2026, 5, 7)])
def test_the_office_is_open(day: date) -> None:
    assert TOWN.is_business_day(day)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        (date(2026, 11, 20), 1, date(2026, 11, 24)),
        (date(2026, 11, 20), 0, date(2026, 11, 20)),
        (date(2026, 11, 21), 0, date(2026, 11, 24)),
        (date(2026, 11, 21), 1, date(2026, 11, 24)),
        (date(2026, 9, 18), 3, date(2026, 9, 28)),
        (date(2026, 12, 28), 1, date(2027, 1, 4)),
        (date(2027, 1, 4), -1, date(2026, 12, 28)),
        (date(2026, 5, 1), 5, date(2026, 5, 13)),
    ],
)
def test_counting_business_days(day: date, count: int, expected: date) -> None:
    assert TOWN.add_business_days(day, count) == expected


def test_the_towns_own_days_win() -> None:
    festival, sunday = date(2026, 11, 25), date(2026, 11, 29)
    town = Calendar(closed=frozenset({festival}), open=frozenset({sunday}))
    assert not town.is_business_day(festival)
    assert town.is_business_day(sunday)
    assert town.add_business_days(date(2026, 11, 24), 1) == date(2026, 11, 26)


def test_in_an_emergency_every_day_counts() -> None:
    emergency = Calendar(all_days=True, closed=frozenset({date(2027, 1, 1)}))
    assert emergency.add_business_days(date(2026, 12, 30), 3) == date(2027, 1, 2)


def test_a_calendar_without_business_days_says_so_instead_of_running_on() -> None:
    nothing = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(800))
    with pytest.raises(ValueError, match="no business day"):
        Calendar(closed=nothing).add_business_days(date(2026, 1, 1), 1)


@given(DAYS, st.integers(min_value=1, max_value=60))
def test_between_is_the_inverse_of_adding(day: date, count: int) -> None:
    later = TOWN.add_business_days(day, count)
    assert TOWN.business_days_between(day, later) == count
    assert TOWN.business_days_between(later, day) == -count
    assert TOWN.is_business_day(later)


@given(DAYS, st.integers(min_value=1, max_value=40))
def test_back_and_forth_from_a_business_day_is_the_same_day(day: date, count: int) -> None:
    start = TOWN.add_business_days(day, 0)
    assert TOWN.add_business_days(TOWN.add_business_days(start, count), -count) == start


def test_due_in_business_days_ends_with_the_day() -> None:
    friday_evening = datetime(2026, 11, 20, 18, 30, tzinfo=JST)
    assert due(friday_evening, 3, calendar=TOWN) == datetime(2026, 11, 26, 23, 59, 59, tzinfo=JST)


def test_due_at_once_is_today_in_japan_not_in_greenwich() -> None:
    early_in_japan = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
    assert due(early_in_japan, 0, calendar=TOWN).date() == date(2026, 11, 24)


def test_due_in_days_and_hours_does_not_wait_for_the_office() -> None:
    friday = datetime(2026, 11, 20, 23, 0, tzinfo=JST)
    assert due(friday, 2, Unit.DAYS, calendar=TOWN).date() == date(2026, 11, 22)
    assert due(friday, 2, Unit.HOURS, calendar=TOWN) == datetime(2026, 11, 21, 1, 0, tzinfo=JST)


def test_due_refuses_a_moment_without_zone_and_a_negative_term() -> None:
    with pytest.raises(ValueError, match="zone"):
        due(datetime(2026, 11, 20), 1, calendar=TOWN)  # noqa: DTZ001 - the missing zone is what is tested
    with pytest.raises(ValueError, match="negative"):
        due(datetime(2026, 11, 20, tzinfo=JST), -1, calendar=TOWN)


def test_the_fiscal_year_begins_in_april() -> None:
    assert fiscal_year(date(2026, 3, 31)) == 2025
    assert fiscal_year(date(2026, 4, 1)) == 2026
    assert fiscal_year_label(2025) == "令和7年度(2025年度)"
    assert fiscal_year_span(2025) == (date(2025, 4, 1), date(2026, 3, 31))
    assert [fiscal_quarter(date(2026, month, 1)) for month in (4, 6, 7, 12, 1, 3)] == [1, 1, 2, 3, 4, 4]


def test_age_is_complete_on_the_birthday() -> None:
    assert age(date(1960, 11, 24), date(2026, 11, 23)) == 65
    assert age(date(1960, 11, 24), date(2026, 11, 24)) == 66
    assert age(date(2008, 2, 29), date(2026, 2, 28)) == 17


@pytest.mark.parametrize(
    ("day", "long", "short"),
    [
        (date(2025, 4, 1), "令和7年4月1日(火)", "R7.4.1"),
        (date(2019, 5, 1), "令和元年5月1日(水)", "R1.5.1"),
        (date(2019, 4, 30), "平成31年4月30日(火)", "H31.4.30"),
        (date(1989, 1, 8), "平成元年1月8日(日)", "H1.1.8"),
        (date(1989, 1, 7), "昭和64年1月7日(土)", "S64.1.7"),
        (date(1926, 12, 25), "昭和元年12月25日(土)", "S1.12.25"),
        (date(1912, 7, 29), "明治45年7月29日(月)", "M45.7.29"),
    ],
)
def test_writing_a_date(day: date, long: str, short: str) -> None:
    assert (write_date(day), write_short(day)) == (long, short)


@pytest.mark.parametrize(
    "text",
    [
        "令和7年4月1日", "令和7年4月1日(火)", "令和７年４月１日（火）", "㋿7年4月1日", "R7.4.1", "r7/4/1", "Ｒ７．４．１",
        "R07.04.01", "2025年4月1日", "2025-04-01", "2025/4/1", "２０２５－０４－０１", "20250401", " 2025-04-01 ",
    ],
)  # fmt: skip
def test_reading_a_date(text: str) -> None:
    assert read_date(text) == date(2025, 4, 1)


@pytest.mark.parametrize(
    ("text", "day"), [("令和元年5月1日", date(2019, 5, 1)), ("昭和64年1月7日", date(1989, 1, 7)), ("S10.1.1", date(1935, 1, 1))]
)
def test_reading_the_edges_of_eras(text: str, day: date) -> None:
    assert read_date(text) == day


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("平成31年5月1日", "元号の変わり目"),
        ("令和元年4月30日", "元号の変わり目"),
        ("昭和64年1月8日", "元号の変わり目"),
        ("2025-02-29", "という日はありません"),
        ("令和7年13月1日", "という日はありません"),
        ("あした", "日付として読めません"),
        ("", "日付として読めません"),
        ("7/4/1", "日付として読めません"),
        ("R0.4.1", "元号の変わり目"),
    ],
)
def test_what_is_no_date_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_date(text)


@given(st.dates(min_value=date(1900, 1, 1), max_value=date(2060, 12, 31)))
def test_what_is_written_is_read_back(day: date) -> None:
    assert read_date(write_date(day)) == read_date(write_short(day)) == read_date(day.isoformat()) == day
