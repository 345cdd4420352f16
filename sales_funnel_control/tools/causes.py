"""Causes of refusals: which few make up most, and which a manager has too often."""

from typing import NamedTuple

from . import proportions

MORE, AS_TEAM, INSUFFICIENT = "more", "as_team", "insufficient"


class Share(NamedTuple):
    """A cause among all: per cent of the total, alone and with the commoner ones before it."""

    cause: object
    count: int
    share: float
    running: float


class Excess(NamedTuple):
    """How often a manager's clients gave a cause, and how often the team's shares would have it."""

    observed: int
    expected: float
    verdict: str


def pareto(counts):
    """Causes with their shares, the commonest first.

    Source: J. M. Juran, Quality Control Handbook, 1st edition (1951), on the vital few.

    :param dict counts: how often, by cause
    :rtype: list[Share]

    >>> [tuple(row) for row in pareto({"assortment": 2, "price": 5, "timing": 3})]
    [('price', 5, 50.0, 50.0), ('timing', 3, 30.0, 80.0), ('assortment', 2, 20.0, 100.0)]
    >>> pareto({})
    []
    """
    total = sum(counts.values())
    shares, running = [], 0
    for cause, count in sorted(counts.items(), key=lambda item: -item[1]):
        running += count
        shares.append(Share(cause, count, 100 * count / total, 100 * running / total))
    return shares


def excesses(counts, minimum=20):
    """Compare each manager's causes with those of the team.

    A cause expected of a manager is the manager's number of refusals times the cause's share among
    the team's. "More" is what the exact binomial test finds, Benjamini-Hochberg at 5 % over all
    cells of managers with refusals enough.

    :param dict counts: how often, by ``(manager, cause)``
    :param int minimum: refusals that a judgement needs
    :return: :class:`Excess` by ``(manager, cause)``

    >>> found = excesses({("a", "price"): 30, ("a", "other"): 10,
    ...                   ("b", "price"): 20, ("b", "other"): 60, ("c", "price"): 3})
    >>> found["a", "price"].verdict, round(found["a", "price"].expected, 1)
    ('more', 17.2)
    >>> found["b", "price"].verdict, found["c", "price"].verdict
    ('as_team', 'insufficient')
    """
    by_manager, by_cause = {}, {}
    for (manager, cause), count in counts.items():
        by_manager[manager] = by_manager.get(manager, 0) + count
        by_cause[cause] = by_cause.get(cause, 0) + count
    total = sum(by_manager.values())
    seats = [
        (manager, cause, counts.get((manager, cause), 0), by_cause[cause] / total)
        for manager in by_manager
        for cause in by_cause
    ]
    judged = [seat for seat in seats if by_manager[seat[0]] >= minimum]
    findings = proportions.beyond_chance(
        proportions.at_least(observed, by_manager[manager], share)
        for manager, _cause, observed, share in judged
    )
    verdicts = {
        seat[:2]: MORE if found else AS_TEAM for seat, found in zip(judged, findings, strict=True)
    }
    return {
        (manager, cause): Excess(
            observed,
            by_manager[manager] * share,
            verdicts.get((manager, cause), INSUFFICIENT),
        )
        for manager, cause, observed, share in seats
    }
