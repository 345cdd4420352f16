"""What deals in work will bring, with an interval, from how many like them were won before."""

import random
from collections import defaultdict
from math import sqrt
from typing import NamedTuple

# So many futures are drawn. Their random numbers are always the same, so that a screen that is
# opened twice shows one figure.
_DRAWS = 1_000
_SEED = 1927
# From so many deals with equal chances on, how many are won is drawn from a normal distribution.
_MANY = 25
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

    Deals with the same history form a cell. The share won of a cell is uncertain itself, and for
    all its deals alike: given ``won`` of ``total`` it follows a beta distribution, and the number
    won a beta-binomial one (A. Gelman and others, Bayesian Data Analysis, 3rd edition (2013),
    sections 2.1 and 2.8, with Jeffreys's prior). Futures are drawn from it; the limits are
    quantiles of these.

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
    for deal in deals:
        if deal.total > 0:
            cells[deal.group, round(deal.won, 6), deal.total].append(deal.amount)
        else:
            unknown += 1
    chance = random.Random(seed)
    numbers, amounts = [0.0] * _DRAWS, [0.0] * _DRAWS
    expected_number = expected_amount = 0.0
    orders = {}
    for (group, won, total), cell in sorted(cells.items(), key=lambda item: str(item[0])):
        alpha, beta = won + _PRIOR, max(total - won, 0) + _PRIOR
        share = alpha / (alpha + beta)
        expected_number += share * len(cell)
        expected_amount += share * sum(cell)
        if group not in orders:
            orders[group] = chance.sample(range(_DRAWS), _DRAWS)
        shares = sorted(chance.betavariate(alpha, beta) for _draw in range(_DRAWS))
        for draw, place in enumerate(orders[group]):
            number, amount = _draw_cell(chance, shares[place], cell)
            numbers[draw] += number
            amounts[draw] += amount
    return Forecast(
        _span(expected_number, numbers, confidence),
        _span(expected_amount, amounts, confidence),
        unknown,
    )


def _draw_cell(chance, share, cell):
    """How many deals of a cell are won in one future, and what they bring."""
    size = len(cell)
    if size < _MANY:
        won = [amount for amount in cell if chance.random() < share]
        return len(won), sum(won)
    total, squares = sum(cell), sum(amount * amount for amount in cell)
    spread = sqrt(share * (1 - share))
    first, second = chance.gauss(0, 1), chance.gauss(0, 1)
    # Number and amount vary together, the more so the less the amounts differ.
    alike = total / sqrt(size * squares) if squares else 0.0
    number = size * share + spread * sqrt(size) * first
    common = alike * first + sqrt(max(1 - alike * alike, 0)) * second
    amount = total * share + spread * sqrt(squares) * common
    return min(max(round(number), 0), size), min(max(amount, 0.0), total)


def _span(expected, drawn, confidence):
    drawn = sorted(drawn)
    tail = (1 - confidence) / 2
    last = len(drawn) - 1
    return Span(expected, float(drawn[int(tail * last)]), float(drawn[last - int(tail * last)]))
