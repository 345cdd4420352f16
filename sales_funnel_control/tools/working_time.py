"""Working time in days and shares. Moments and hours are those of one wall clock, without zone."""

from datetime import datetime, time, timedelta
from typing import NamedTuple

_DAY = timedelta(days=1)
_NOTHING = timedelta()


class Schedule(NamedTuple):
    """Hours of work by week type (0 or 1) and weekday (Monday is 0).

    >>> from datetime import date
    >>> week = Schedule.usual()
    >>> week.hours(date(2026, 3, 2)), week.hours(date(2026, 3, 7))
    (((9.0, 17.0),), ())
    """

    periods: dict

    @classmethod
    def usual(cls):
        """Monday to Friday, where nobody wrote down anything else."""
        return cls({(kind, day): ((9.0, 17.0),) for kind in (0, 1) for day in range(5)})

    def hours(self, day):
        """``(from, to)`` of each period of a day, in hours."""
        # Weeks alternate as Odoo's ``resource.calendar.attendance.get_week_type`` has them.
        return self.periods.get(((day.toordinal() - 1) // 7 % 2, day.weekday()), ())


class Presence(NamedTuple):
    """What the company works, and what one person of it works.

    :param dict normal: seconds the company works on each day it works at all
    :param list intervals: ``(from, to)`` of the person's working time, absences taken out
    :param datetime now: the present moment on the person's clock
    """

    normal: dict
    intervals: list
    now: datetime = datetime.min

    def normal_days(self, first, last):
        """Working days of the company from ``first`` to ``last``."""
        return sum(first <= day <= last for day in self.normal)

    def days(self, first, last):
        """Working days the person is there, half a day as half; no more than the company works.

        >>> from datetime import date
        >>> day = date(2026, 3, 2)
        >>> morning = (datetime(2026, 3, 2, 9), datetime(2026, 3, 2, 13))
        >>> Presence({day: 8 * 3600}, [morning]).days(day, day)
        0.5
        """
        if not self.normal:
            return 0.0
        average = sum(self.normal.values()) / len(self.normal)
        worked = {}
        for start, end in self._between(first, last):
            day = start.date()
            worked[day] = worked.get(day, 0) + (end - start).total_seconds()
        days = sum(min(1, worked[day] / self.normal.get(day, average)) for day in worked)
        return min(days, self.normal_days(first, last))

    def share_passed(self, first, last):
        """How much of the working time from ``first`` to ``last`` has passed: 0 to 1."""
        intervals = self._between(first, last)
        total = sum((end - start for start, end in intervals), _NOTHING)
        passed = sum(
            (min(end, self.now) - start for start, end in intervals if start < self.now), _NOTHING
        )
        return passed / total if total else 1.0

    def _between(self, first, last):
        return [each for each in self.intervals if first <= each[0].date() <= last]


def presence(company, person, absences, first, last, now):
    """What a person with the schedule ``person`` works in a company with another.

    :param list absences: ``(from, to)`` of holidays and time off, in any order
    :rtype: Presence
    """
    normal = {}
    intervals = []
    for number in range((last - first).days + 1):
        day = first + number * _DAY
        seconds = 3600 * sum(end - start for start, end in company.hours(day))
        if seconds:
            normal[day] = seconds
        intervals += [(_moment(day, start), _moment(day, end)) for start, end in person.hours(day)]
    return Presence(normal, without(intervals, absences), now)


def without(intervals, absences):
    """Take ``absences`` out of ``intervals``.

    >>> without([(1, 5), (6, 9)], [(4, 7), (0, 0), (2, 3)])
    [(1, 2), (3, 4), (7, 9)]
    """
    for gone, back in absences:
        intervals = [
            part
            for start, end in intervals
            for part in ((start, min(end, gone)), (max(start, back), end))
            if part[0] < part[1]
        ]
    return intervals


def monday(day):
    """Monday of the week of a day.

    >>> from datetime import date
    >>> monday(date(2026, 3, 8)), monday(date(2026, 3, 9))
    (datetime.date(2026, 3, 2), datetime.date(2026, 3, 9))
    """
    return day - day.weekday() * _DAY


def _moment(day, hour):
    return datetime.combine(day, time.min) + timedelta(hours=hour)
