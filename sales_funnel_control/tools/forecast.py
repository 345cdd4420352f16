"""What deals in work will bring, with an interval, from how many like them were won before."""

import random
from collections import defaultdict
from math import log2, sqrt
from operator import itemgetter
from statistics import NormalDist
from typing import NamedTuple

# So many futures are drawn. Their random numbers are always the same, so that a screen that is
# opened twice shows one figure.
_DRAWS = 1_000
_SEED = 1927
# From so many deals with equal chances on, how many are won is drawn from a normal distribution;
# from so many won and not won on, the share won is normal, too.
_MANY = 25
_NORMAL = [NormalDist().inv_cdf((draw + 0.5) / _DRAWS) for draw in range(_DRAWS)]
# Deals whose shares differ by less than a twentieth are drawn together.
_SHARES = 20
# The prior of H. Jeffreys, Proceedings of the Royal Society A 186 (1946) 453-461.
_PRIOR = 0.5


class Deal(NamedTuple):
    """A deal in work.

    :param won: deals like it that were won; may be a fraction, where only a part counts
    :param total: deals like it whose end is known; 0 where there were none
    :param amount: what it would bring
    :param group: deals of one group have histories that overlap: if one share was over- or
        underestimated, so were the others'
    """

    won: float
    total: float
    amount: float = 0.0
    group: object = None


class Span(NamedTuple):
    """What is expected, and the limits it lies between with the confidence asked for."""

    expected: float
    low: float
    high: float


class Forecast(NamedTuple):
    """:class:`Span` of the number of deals and of their amount; deals that had no history."""

    number: Span
    amount: Span
    unknown: int


def forecast(deals, confidence=0.95, seed=_SEED):
    """Expect deals to be won as often as those like them were.

    Deals with nearly the same history form a cell. The share won of a cell is uncertain itself,
    and for all its deals alike: given ``won`` of ``total`` it follows a beta distribution, and the
    number won a beta-binomial one (A. Gelman and others, Bayesian Data Analysis, 3rd edition
    (2013), sections 2.1 and 2.8, with Jeffreys's prior). Futures are drawn from it; the limits are
    quantiles of these. What is expected is the sum over the single deals.

    Deals without any history are left out of the figures and counted apart.

    :param deals: of :class:`Deal`
    :rtype: Forecast

    >>> forecast([]).number, forecast([Deal(0, 0, 5)]).unknown
    (Span(expected=0.0, low=0.0, high=0.0), 1)
    >>> span = forecast([Deal(300, 1000)] * 100).number
    >>> round(span.expected, 1), span.low < 30 < span.high
    (30.0, True)
    """
    cells = defaultdict(list)
    unknown = 0
    expected_number = expected_amount = 0.0
    for deal in deals:
        if deal.total <= 0:
            unknown += 1
            continue
        share = _share(deal)
        expected_number += share
        expected_amount += share * deal.amount
        place = (str(deal.group), round(share * _SHARES), round(log2(deal.total + 1)))
        cells[place].append((share, deal.total, deal.amount))
    chance = random.Random(seed)
    numbers, amounts = [0.0] * _DRAWS, [0.0] * _DRAWS
    orders = {}
    for (group, *_place), cell in sorted(cells.items(), key=itemgetter(0)):
        if group not in orders:
            orders[group] = chance.sample(range(_DRAWS), _DRAWS)
        middle = sum(share for share, _total, _amount in cell) / len(cell)
        weight = sum(total for _share, total, _amount in cell) / len(cell) + 2 * _PRIOR
        shares = _draw_shares(chance, middle, weight)
        worths = [(share / middle, amount) for share, _total, amount in cell]
        draw_cell = _many(worths) if len(worths) >= _MANY else _few(worths)
        for draw, place in enumerate(orders[group]):
            number, amount = draw_cell(chance, shares[place])
            numbers[draw] += number
            amounts[draw] += amount
    return Forecast(
        _span(expected_number, numbers, confidence),
        _span(expected_amount, amounts, confidence),
        unknown,
    )


def _share(deal):
    """Which part of deals like this one are won: 0 to 1."""
    alpha, beta = deal.won + _PRIOR, max(deal.total - deal.won, 0) + _PRIOR
    return alpha / (alpha + beta)


def _draw_shares(chance, share, weight):
    """Shares a cell may have in truth, in order, given ``share`` of ``weight`` deals."""
    alpha, beta = share * weight, (1 - share) * weight
    if min(alpha, beta) >= _MANY:
        spread = sqrt(share * (1 - share) / (weight + 1))
        return [min(max(share + spread * place, 0.0), 1.0) for place in _NORMAL]
    return sorted(chance.betavariate(alpha, beta) for _draw in range(_DRAWS))


def _few(cell):
    """How many deals of a cell are won in one future, and what they bring: deal by deal.

    :param cell: ``(share of the deal in proportion to that of the cell, amount)``
    :return: a function of the random numbers and the cell's share
    """

    def draw(chance, share):
        won = [amount for part, amount in cell if chance.random() < share * part]
        return len(won), sum(won)

    return draw


def _many(cell):
    """The same as :func:`_few`, from a normal distribution: what it takes is summed up once."""
    size = len(cell)
    total = sum(part * amount for part, amount in cell)
    squares = sum(amount * amount for _part, amount in cell)
    most = sum(amount for _part, amount in cell)
    # Number and amount vary together, the more so the less the amounts differ.
    alike = min(total / sqrt(size * squares), 1.0) if squares else 0.0

    def draw(chance, share):
        spread = sqrt(share * (1 - share))
        first, second = chance.gauss(0, 1), chance.gauss(0, 1)
        number = size * share + spread * sqrt(size) * first
        common = alike * first + sqrt(1 - alike * alike) * second
        amount = total * share + spread * sqrt(squares) * common
        return min(max(round(number), 0), size), min(max(amount, 0.0), most)

    return draw


def _span(expected, drawn, confidence):
    drawn = sorted(drawn)
    tail = (1 - confidence) / 2
    last = len(drawn) - 1
    return Span(expected, float(drawn[int(tail * last)]), float(drawn[last - int(tail * last)]))
