"""Planning along a funnel: from clients to deals, and from deals back to clients.

A funnel is a chain of transitions, each with the share of clients that pass it. Shares are per
cent (0-100) or None where nobody knows them. All sums are exact fractions, so that 60.8 deals need
100 clients and never 101.
"""

from calendar import monthrange
from datetime import date
from fractions import Fraction
from math import ceil, floor

# Rates are given to the hundredth of a per cent at most; what is finer is noise of the float.
_FINEST = 10_000


def exact(number):
    """A number as people mean it: 60.8 is 608 tenths, whatever the float says.

    >>> exact(60.8), exact(0.1) + exact(0.2)
    (Fraction(304, 5), Fraction(3, 10))
    """
    return Fraction(number).limit_denominator(_FINEST)


def forward(clients, rates):
    """How many clients come onto each stage when so many begin.

    :param clients: on the first stage
    :param rates: per cent, a transition each
    :return: list of fractions, the first stage included; None behind a rate nobody knows

    >>> [float(number) for number in forward(100, [100, 80, 80, 95])]
    [100.0, 100.0, 80.0, 64.0, 60.8]
    """
    numbers = [exact(clients)]
    for rate in rates:
        known = rate is not None and numbers[-1] is not None
        numbers.append(numbers[-1] * exact(rate) / 100 if known else None)
    return numbers


def reverse(deals, rates):
    """How many clients each stage needs so that so many deals come out.

    :param deals: on the last stage
    :param rates: per cent, a transition each
    :return: list of fractions, the first stage included; None before a rate that is 0 or that
        nobody knows

    >>> [float(number) for number in reverse(60.8, [100, 80, 80, 95])]
    [100.0, 100.0, 80.0, 64.0, 60.8]
    >>> [whole(number) for number in reverse(61, [100, 80, 80, 95])]
    [101, 101, 81, 65, 61]
    >>> reverse(1, [50, 0, 50])
    [None, None, Fraction(2, 1), Fraction(1, 1)]
    """
    numbers = [exact(deals)]
    for rate in reversed(list(rates)):
        known = rate and numbers[-1] is not None
        numbers.append(numbers[-1] * 100 / exact(rate) if known else None)
    return numbers[::-1]


def passages(standing, rates):
    """How many of the clients that stand on the stages now come onto each later one.

    :param standing: clients by stage, the last one left out
    :param rates: per cent, a transition each
    :return: list of fractions, one a stage; a rate nobody knows lets nobody pass

    >>> [float(number) for number in passages([10, 0, 20], [50, 80, 25])]
    [0.0, 5.0, 4.0, 6.0]
    """
    numbers = [Fraction(0)]
    for count, rate in zip(standing, rates, strict=True):
        numbers.append((numbers[-1] + count) * exact(rate or 0) / 100)
    return numbers


def whole(number):
    """Whole clients: a part of a client is a client. None stays None."""
    return None if number is None else ceil(number)


def evenly(amounts, place=0, places=1):
    """Whole numbers whose running sums stay within a half of those of ``amounts``.

    Of several such series each may have a place of its own, so that they do not all round up on
    the same days; running sums then stay within one.

    >>> evenly([0.4, 0.4, 0.4, 0.4, 0.4]), evenly([2, 0, 1.5])
    ([0, 1, 0, 1, 0], [2, 0, 2])
    >>> [evenly([0.4, 0.4, 0.4, 0.4, 0.4], place, 2) for place in range(2)]
    [[0, 1, 0, 0, 1], [1, 0, 0, 1, 0]]
    """
    numbers, total, given = [], Fraction(2 * place + 1, 2 * places) - Fraction(1, 2), 0
    for amount in amounts:
        total += exact(amount)
        number = floor(total + Fraction(1, 2)) - given
        numbers.append(number)
        given += number
    return numbers


def months(first, last):
    """How many months a period has: its days in each month, of the days of that month.

    >>> months(date(2026, 1, 1), date(2026, 3, 31)), months(date(2026, 2, 2), date(2026, 2, 8))
    (Fraction(3, 1), Fraction(1, 4))
    >>> months(date(2026, 11, 15), date(2026, 12, 14)), months(date(2026, 2, 2), date(2026, 2, 1))
    (Fraction(458, 465), Fraction(0, 1))
    >>> months(date(9999, 12, 1), date.max)
    Fraction(1, 1)
    """
    number = Fraction(0)
    while first <= last:
        days = monthrange(first.year, first.month)[1]
        end = min(first.replace(day=days), last)
        number += Fraction((end - first).days + 1, days)
        if end == last:
            break
        first = date.fromordinal(end.toordinal() + 1)
    return number


def ramp(weeks, weeks_to_learn):
    """Which part of a full load a newcomer carries in their n-th week (0 is the first): 0 to 1.

    >>> ramp(0, 4), ramp(1, 4), ramp(9, 4), ramp(0, 0)
    (0.25, 0.5, 1.0, 1.0)
    """
    return min(1.0, (max(weeks, 0) + 1) / weeks_to_learn) if weeks_to_learn else 1.0
