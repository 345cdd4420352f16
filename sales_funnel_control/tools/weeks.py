"""Days and moments. A company's days begin at midnight in its sales time zone."""

from datetime import datetime, time

import pytz


def midnight(day, zone):
    """The beginning of a day in a time zone, as naive UTC.

    >>> from datetime import date
    >>> midnight(date(2026, 7, 6), "Europe/Berlin")
    datetime.datetime(2026, 7, 5, 22, 0)
    """
    begin = pytz.timezone(zone).localize(datetime.combine(day, time.min))
    return begin.astimezone(pytz.utc).replace(tzinfo=None)
