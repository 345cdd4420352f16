"""The rhythm in which a client buys, when a purchase is overdue, and which way its volume goes.

Days are whole numbers on any scale (``date.toordinal``), in order and without repetition; gaps
are days between one purchase and the next. Spreads are those of the logarithm of a gap: 0.1 says
that gaps mostly differ from the usual one by some 10 per cent.
"""

from datetime import date, timedelta
from functools import lru_cache
from math import exp, floor, log, pi, sqrt
from statistics import NormalDist, median
from typing import NamedTuple

FALLING, STEADY, GROWING = "falling", "steady", "growing"
# Fewer purchases tell of no rhythm.
MINIMUM = 3
# Of a hundred purchases of a client that goes on as usual, five come later than "overdue".
LEVEL = 0.05
_Z = NormalDist().inv_cdf(1 - LEVEL)
# Clients whose spread is told by so many gaps tell what is usual with others.
TELLING_GAPS = 6
# The usual spread weighs like that of so many gaps.
_PRIOR_GAPS = 4
# Where no client tells what is usual.
DEFAULT_SPREAD = 0.35
# Gaps are whole days: nobody is more punctual than one day in a month.
_PUNCTUAL = 0.05
# Purchases at random moments have exponential gaps, with the 95th percentile log 0.05 / log 0.5
# = 4.3 times the median: a wider spread than that is no rhythm any more.
_RANDOM = log(log(LEVEL) / log(0.5)) / _Z
# The median deviation of few values is too small on the average: C. Croux, P. J. Rousseeuw,
# Time-efficient algorithms for two highly robust estimators of scale, Compstat (1992), table 1.
_FEW = {2: 1.196, 3: 1.495, 4: 1.363, 5: 1.206, 6: 1.200, 7: 1.140, 8: 1.129, 9: 1.107}
_TO_DEVIATION = 1.4826
# What a median deviation tells of the spread, compared with a standard deviation of as many gaps.
_EFFICIENCY = 0.37
# A trend compares the last third of so many purchases with those before.
_TREND_WINDOW = 12
_TREND_RECENT = 3
_TREND_MINIMUM = 8


class Rhythm(NamedTuple):
    """What a client's gaps tell by themselves.

    :param interval: the usual one in days: the median
    :param spread: of the client's own gaps
    :param gaps: how many there are
    """

    interval: float
    spread: float
    gaps: int


def rhythm(days):
    """The client's own rhythm: median gap, and the median deviation of the gaps from it.

    The spread is 1.4826 times the median of |log(gap / interval)|, which estimates the standard
    deviation without being led astray by a holiday or two (F. R. Hampel, JASA 69 (1974) 383-393),
    corrected for few gaps.

    :return: :class:`Rhythm`, None with fewer than three purchases

    >>> rhythm([0, 30, 60, 90, 120])
    Rhythm(interval=30.0, spread=0.0, gaps=4)
    >>> rhythm([0, 10, 30, 60]).interval, round(rhythm([0, 10, 30, 60]).spread, 3)
    (20, 0.899)
    >>> rhythm([0, 30])
    """
    if len(days) < MINIMUM:
        return None
    gaps = [later - earlier for earlier, later in zip(days, days[1:], strict=False)]
    interval = median(gaps)
    deviation = median(abs(log(gap / interval)) for gap in gaps)
    count = len(gaps)
    correction = _FEW.get(count) or count / (count - 0.8)
    return Rhythm(interval, _TO_DEVIATION * correction * deviation, count)


def usual_spread(spreads):
    """The spread that is usual in the company: the median of clients with many gaps.

    >>> usual_spread([0.1, 0.3, 0.2]), usual_spread([])
    (0.2, 0.35)
    """
    return median(spreads) if spreads else DEFAULT_SPREAD


def shrunk_spread(own, usual):
    """The client's spread, drawn towards the usual one: the fewer gaps tell of it the more.

    The variances are averaged, the usual one with the weight of four gaps: the posterior mean of
    a variance under the conjugate prior (A. Gelman et al., Bayesian Data Analysis, 3rd edition
    (2013), section 2.6).

    :param Rhythm own: of the client
    :param usual: see :func:`usual_spread`

    >>> round(shrunk_spread(Rhythm(30, 0.0, 2), 0.3), 3)
    0.245
    >>> round(shrunk_spread(Rhythm(30, 0.2, 100), 0.4), 3)
    0.211
    """
    weights = _PRIOR_GAPS + own.gaps
    variance = (_PRIOR_GAPS * usual**2 + own.gaps * own.spread**2) / weights
    return min(max(_PUNCTUAL, sqrt(variance)), _RANDOM)


def days_until_overdue(own, usual):
    """After how many days without a purchase the client is overdue: with a chance of 95 % a
    client that goes on as usual buys earlier.

    It is interval × exp(t × spread × √(1 + π / 2n)): the 95th percentile of the next gap, where
    the median of n gaps is itself uncertain by spread × √(π / 2n), and the spread as well: hence
    Student's t with 4 + 0.37 n degrees of freedom, those of the usual spread and of a median
    deviation.

    :return: a whole number of days

    >>> days_until_overdue(Rhythm(30, 0.1, 12), 0.1)
    37
    >>> days_until_overdue(Rhythm(30, 5.0, 12), 0.3)  # no rhythm at all
    172
    """
    spread = shrunk_spread(own, usual) * sqrt(1 + pi / (2 * own.gaps))
    quantile = _student(_PRIOR_GAPS + _EFFICIENCY * own.gaps)
    return floor(own.interval * exp(quantile * spread)) + 1


def _student(freedom):
    """The 95th percentile of Student's t: M. Abramowitz, I. A. Stegun, Handbook of Mathematical
    Functions (1964), 26.7.5. Two terms do for four degrees of freedom and more.

    >>> round(_student(5), 2), round(_student(10), 2)  # in the tables: 2.015, 1.812
    (2.01, 1.81)
    """
    z = _Z
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def spread_days(own, usual):
    """By how many days two of three gaps differ from the interval at most, upwards.

    >>> round(spread_days(Rhythm(30, 0.1, 12), 0.1), 1)
    3.2
    """
    return own.interval * (exp(shrunk_spread(own, usual)) - 1)


class Trend(NamedTuple):
    """Which way a client's volume goes.

    :param direction: ``falling``, ``steady``, ``growing``; None with too few purchases to tell
    :param percent: by which the volume of the last purchases differs from those before
    """

    direction: str | None = None
    percent: float = 0.0


def trend(days, amounts, minimum=25.0):
    """Whether a client buys less or more than it did, beyond chance.

    What is compared is the volume per day: each amount by the days since the purchase before.
    So smaller purchases count as well as rarer ones. The last third of the latest twelve, at
    least three, stands against those before: the exact two-sample rank test of F. Wilcoxon
    (Biometrics Bulletin 1 (1945) 80-83), two-sided at 5 %, and medians that differ by the minimum.

    :param amounts: one for each day
    :param minimum: per cent below which a difference does not matter

    >>> days = list(range(0, 300, 30))
    >>> trend(days, [100, 110, 90, 100, 105, 95, 100, 50, 55, 45])
    Trend(direction='falling', percent=-50.0)
    >>> trend(days, [100, 110, 90, 100, 105, 95, 100, 90, 95, 85]).direction
    'steady'
    >>> trend([0, 60, 120, 180, 240, 300, 360, 390, 420, 450], [100] * 10)  # twice as often
    Trend(direction='growing', percent=100.0)
    >>> trend(days[:5], [100, 10, 1, 0, 0])
    Trend(direction=None, percent=0.0)
    """
    volumes = [
        amount / (later - earlier)
        for earlier, later, amount in zip(days, days[1:], amounts[1:], strict=False)
    ][-_TREND_WINDOW:]
    if len(volumes) < _TREND_MINIMUM:
        return Trend()
    size = max(_TREND_RECENT, len(volumes) // 3)
    former = median(volumes[:-size])
    if former <= 0:
        return Trend()
    percent = 100 * (median(volumes[-size:]) / former - 1)
    # Amounts in a computer miss a border by a hair.
    is_large = abs(percent) > minimum - 1e-9
    if not is_large or _chance(volumes, size, percent > 0) > LEVEL / 2:
        return Trend(STEADY, percent)
    return Trend(GROWING if percent > 0 else FALLING, percent)


def _chance(values, size, is_above):
    """Chance that the last ones rank so high, or so low, if all come from the same source."""
    ordered = sorted(values)
    # Twice the mean rank of equal values: whole numbers.
    ranks = {}
    for place, value in enumerate(ordered, 1):
        first, _last = ranks.get(value, (place, place))
        ranks[value] = (first, place)
    doubled = [sum(ranks[value]) for value in values]
    total = sum(doubled[-size:])
    counts = _rank_sums(tuple(sorted(doubled)), size)
    extreme = sum(
        count for value, count in counts.items() if (value >= total if is_above else value <= total)
    )
    return extreme / sum(counts.values())


@lru_cache(maxsize=256)
def _rank_sums(ranks, size):
    """In how many ways so many of the ranks make each sum."""
    ways = [{0: 1}] + [{} for _each in range(size)]
    for rank in ranks:
        for taken in range(size, 0, -1):
            for value, count in ways[taken - 1].items():
                ways[taken][value + rank] = ways[taken].get(value + rank, 0) + count
    return ways[size]


class Watched(NamedTuple):
    """What is known of a client on a day.

    :param due_on: the day the next purchase is expected
    :param overdue_on: the first day on which it is overdue
    """

    own: Rhythm
    due_on: date
    overdue_on: date


def watch(days, usual):
    """When a client should buy again.

    :param days: dates of its purchases
    :return: :class:`Watched`, None with fewer than three purchases

    >>> watched = watch([date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 2)], 0.1)
    >>> str(watched.due_on), str(watched.overdue_on)
    ('2026-04-01', '2026-04-09')
    """
    own = rhythm([day.toordinal() for day in days])
    return own and Watched(
        own,
        days[-1] + timedelta(days=round(own.interval)),
        days[-1] + timedelta(days=days_until_overdue(own, usual)),
    )


class Judged(NamedTuple):
    """What the watch would have said of one interval of the past.

    :param due_on: the day the purchase was expected
    :param is_warned: the client was overdue
    :param is_lost: it stayed away for so many usual intervals that it counts as lost or paused
    :param days_early: from the warning to the day it counted as lost, None without both
    """

    due_on: date
    is_warned: bool
    is_lost: bool
    days_early: int | None


def back_test(days, today, usual, lost_after=3.0):
    """Try the watch on a client's past: each purchase from the third on, knowing what went before.

    A client counts as lost or paused when it has bought nothing for so many usual intervals. An
    interval that is still open is judged only when the client counts as lost by now.

    :param days: dates of the purchases
    :param lost_after: usual intervals
    :return: a :class:`Judged` for each purchase whose next one is decided

    >>> days = [date(2026, 1, 1) + timedelta(days=30 * n) for n in range(4)]
    >>> [each.is_warned for each in back_test(days, date(2026, 5, 30), 0.1)]
    [False]
    >>> late = back_test(days, date(2026, 12, 1), 0.1)[-1]
    >>> late.is_warned, late.is_lost, late.days_early
    (True, True, 53)
    """
    judged = []
    for count in range(MINIMUM, len(days) + 1):
        watched = watch(days[:count], usual)
        last_on = days[count - 1]
        lost_on = last_on + timedelta(days=floor(lost_after * watched.own.interval))
        bought_on = days[count] if count < len(days) else None
        if not bought_on and today < lost_on:
            continue
        is_warned = (bought_on or today) >= watched.overdue_on
        is_lost = (bought_on or today) >= lost_on
        is_both = is_warned and is_lost
        judged.append(
            Judged(
                watched.due_on,
                is_warned,
                is_lost,
                (lost_on - watched.overdue_on).days if is_both else None,
            )
        )
    return judged
