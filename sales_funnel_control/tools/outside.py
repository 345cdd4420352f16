"""What callers from outside send, before it is trusted."""

_LARGEST_ID = 2**31 - 1
_YEARS = range(1970, 9001)


def as_id(value):
    """The id that a caller sent, or 0 where it can be none.

    >>> as_id(7), as_id("7"), as_id(True), as_id(-1), as_id(2**31), as_id([7])
    (7, 0, 0, 0, 0, 0)
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LARGEST_ID:
        return value
    return 0


def as_ids(values):
    """The ids that a caller sent as a list; what can be none is left out.

    >>> as_ids([1, "a", 2]), as_ids("12"), as_ids(None)
    ([1, 2], [], [])
    """
    if not isinstance(values, list | tuple):
        return []
    return [value for value in values if as_id(value)]


def within_calendar(*days):
    """Whether weeks can be added to and taken from all these days without leaving the calendar.

    >>> from datetime import date
    >>> within_calendar(date(1970, 1, 1), date(9000, 12, 31)), within_calendar(date.max)
    (True, False)
    """
    return all(day.year in _YEARS for day in days)
