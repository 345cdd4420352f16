"""The clock is changed, and the year ends: each week is reviewed once, and entries are in it.

The weeks expected are computed here, from the time zones alone.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

# Clocks go back on 25 October 2026, 2026 has a week 53, and clocks go forward on 28 March 2027.
# In between, the server is off for some weeks.
SPANS = (("2026-10-12", "2026-11-02"), ("2026-12-21", "2027-01-11"), ("2027-03-22", "2027-03-29"))
WEEK = timedelta(weeks=1)


@pytest.fixture(scope="module")
def lived(make):
    return make.installed("seasons").inside("seasons.live", spans=SPANS)


def local(moment, zone):
    return datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))


def monday_of(day):
    return day - timedelta(days=day.weekday())


def test_entries_are_in_their_week(lived):
    """Also those a minute before and a minute after a Monday begins somewhere."""
    stays = lived["stays"]
    assert len(stays) > 50
    assert [
        (zone, moment, week)
        for zone, moment, week in stays
        if week != str(monday_of(local(moment, zone).date()))
    ] == []


def test_each_week_is_reviewed_once(lived):
    """As soon as it is over there; weeks in which the server was off, when it is on again."""
    weeks = Counter((team, week) for team, week, _moment in lived["reviews"])
    assert set(weeks.values()) == {1}
    for team, zone in lived["teams"].items():
        made = {week: moment for number, week, moment in lived["reviews"] if str(number) == team}
        first, last = min(made), max(made)
        expected = {
            str(date.fromisoformat(first) + number * WEEK)
            for number in range((date.fromisoformat(last) - date.fromisoformat(first)) // WEEK + 1)
        }
        assert set(made) == expected, zone
        assert last == str(date.fromisoformat(SPANS[-1][1]) - WEEK)
        for week, moment in made.items():
            over = date.fromisoformat(week) + WEEK
            late = local(moment, zone) - datetime.combine(over, time(), ZoneInfo(zone))
            assert late >= timedelta(), (zone, week, moment)
            if is_on(over):
                assert late <= timedelta(hours=1), (zone, week, moment)


def is_on(monday):
    """Whether the server ran on a Monday."""
    return any(begin < str(monday) <= end for begin, end in SPANS)


def test_each_day_is_gone_over_once(lived):
    """Every day on which the server ran has one nightly run, by the company's own calendar."""
    runs = Counter(map(tuple, lived["runs"]))
    assert set(runs.values()) == {1}
    for zone in set(lived["teams"].values()):
        days = {day for known, day in runs if known == zone}
        for begin, end in SPANS:
            monday = date.fromisoformat(begin) + WEEK
            while monday <= date.fromisoformat(end):
                assert {str(monday - timedelta(days=1)), str(monday)} <= days, (zone, monday)
                monday += WEEK
