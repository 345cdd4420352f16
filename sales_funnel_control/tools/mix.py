"""Adjusting for the mix of leads: indirect standardisation.

Source of the method and of the example: Population Analysis for Policies and Programmes (PAPP),
International Union for the Scientific Study of Population, module 101, session 6.
"""

from collections import defaultdict

_POOLED = object()


def expected(counts, rates):
    """Sum of what each stratum would give at the common rate of the stratum.

    :param dict counts: entries by stratum
    :param dict rates: rate by stratum

    Deaths expected in Ecuador at the death rates of Sweden, per thousand; 64,700 were observed:

    >>> deaths = expected({"0-29": 7498, "30-59": 3219, "60+": 742},
    ...                   {"0-29": 0.45, "30-59": 2.4, "60+": 42.4})
    >>> round(deaths, 1), round(64_700 / deaths, 2)
    (42560.5, 1.52)
    """
    return sum(count * rates[stratum] for stratum, count in counts.items())


def ease(figures, minimum=20):
    """How much easier each manager's list is than everybody's.

    The rate adjusted for the mix is observed ÷ expected, times the pooled rate: that is the
    manager's rate divided by this figure.

    :param dict figures: ``(entered, advanced)`` by ``(manager, stratum)``, of one transition
    :param int minimum: strata with fewer entries are pooled into one
    :return: expected rate ÷ pooled rate, by manager; 1 where nothing advanced at all

    >>> figures = {("A", "easy"): (20, 18), ("A", "hard"): (80, 40),
    ...            ("B", "easy"): (80, 72), ("B", "hard"): (20, 10)}
    >>> {manager: round(value, 3) for manager, value in ease(figures).items()}
    {'A': 0.829, 'B': 1.171}
    >>> [round(rate / ease(figures)[manager], 3) for manager, rate in (("A", .58), ("B", .82))]
    [0.7, 0.7]
    """
    entered, advanced = defaultdict(int), defaultdict(int)
    for (_manager, stratum), (count, passed) in figures.items():
        entered[stratum] += count
        advanced[stratum] += passed
    thin = {stratum for stratum, count in entered.items() if count < minimum}
    pooled_entered = sum(entered.values())
    pooled_advanced = sum(advanced.values())
    if not pooled_advanced:
        return {manager: 1.0 for manager, _stratum in figures}
    rates = {stratum: advanced[stratum] / entered[stratum] for stratum in entered}
    if thin:
        rates[_POOLED] = sum(advanced[s] for s in thin) / sum(entered[s] for s in thin)
    counts = defaultdict(lambda: defaultdict(int))
    for (manager, stratum), (count, _passed) in figures.items():
        counts[manager][_POOLED if stratum in thin else stratum] += count
    pooled_rate = pooled_advanced / pooled_entered
    return {
        manager: expected(strata, rates) / sum(strata.values()) / pooled_rate or 1.0
        for manager, strata in counts.items()
    }
