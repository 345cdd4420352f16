"""Proportions and what can be said of them beyond chance.

Successes and trials are counts, probabilities lie between 0 and 1.
"""

from math import exp, lgamma, log, log1p, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
_TINY = 1e-300
_PRECISION = 1e-14


def wilson_interval(successes, trials, confidence=0.95):
    """Score interval of a proportion.

    Source: E. B. Wilson, JASA 22 (1927) 209-212; the examples are those of R. G. Newcombe,
    Statistics in Medicine 17 (1998) 857-872, table I, method 3.

    :return: the lower and the upper limit, (0, 1) without trials

    >>> [tuple(round(limit, 4) for limit in wilson_interval(*case))
    ...  for case in ((81, 263), (15, 148), (0, 20), (1, 29))]
    [(0.2553, 0.3662), (0.0624, 0.1605), (0.0, 0.1611), (0.0061, 0.1718)]
    """
    if not trials:
        return 0.0, 1.0
    z = _NORMAL.inv_cdf((1 + confidence) / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def at_most(successes, trials, probability):
    """Chance of so many successes or fewer: the one-sided exact binomial test.

    Source: C. J. Clopper, E. S. Pearson, Biometrika 26 (1934) 404-413. The sum is computed as an
    incomplete beta function (NIST Digital Library of Mathematical Functions, 8.17.5).

    >>> round(at_most(1, 10, 0.5), 6)  # (1 + 10) / 1024
    0.010742
    >>> at_most(10, 10, 0.3), at_most(3, 10, 1.0), at_most(0, 10, 0.0)
    (1.0, 0.0, 1.0)
    """
    if successes >= trials or probability <= 0:
        return 1.0
    if probability >= 1:
        return 0.0
    return _incomplete_beta(trials - successes, successes + 1, 1 - probability)


def at_least(successes, trials, probability):
    """Chance of so many successes or more.

    >>> round(at_least(9, 10, 0.5), 6)
    0.010742
    """
    return at_most(trials - successes, trials, 1 - probability)


def higher(successes, trials, other_successes, other_trials):
    """One-sided two-proportion test: chance to see so much more than the other if both are equal.

    Source: the pooled z test of J. L. Fleiss, B. Levin, M. C. Paik, Statistical Methods for
    Rates and Proportions, 3rd edition (2003), chapter 3, without continuity correction.

    >>> round(higher(60, 100, 40, 100), 4)  # z = 2.828
    0.0023
    >>> higher(5, 5, 9, 9)
    1.0
    """
    pooled = (successes + other_successes) / (trials + other_trials)
    variance = pooled * (1 - pooled) * (1 / trials + 1 / other_trials)
    if not variance:
        return 1.0
    return 1 - _NORMAL.cdf((successes / trials - other_successes / other_trials) / sqrt(variance))


def beyond_chance(p_values, level=0.05):
    """Which of many findings stand when all are looked at together.

    Source: Y. Benjamini, Y. Hochberg, Journal of the Royal Statistical Society B 57 (1995)
    289-300; the example is theirs, section 4.1: of fifteen hypotheses four are rejected.

    :param p_values: one a finding
    :param level: the false discovery rate allowed
    :return: a bool for each

    >>> p = [.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719,
    ...      .6528, .7590, 1.0]
    >>> beyond_chance(p).count(True), beyond_chance(reversed(p))[-4:]
    (4, [True, True, True, True])
    """
    p_values = list(p_values)
    limit = max(
        (
            p_value
            for rank, p_value in enumerate(sorted(p_values), 1)
            if p_value <= level * rank / len(p_values)
        ),
        default=-1.0,
    )
    return [p_value <= limit for p_value in p_values]


def _incomplete_beta(a, b, x):
    """Regularised incomplete beta function, by its continued fraction."""
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return min(1.0, front * _beta_fraction(a, b, x) / a)
    return max(0.0, 1 - front * _beta_fraction(b, a, 1 - x) / b)


def _beta_fraction(a, b, x):
    """The continued fraction, evaluated by W. J. Lentz's method."""
    c, d = 1.0, _inverse(1 - (a + b) * x / (a + 1))
    value = d
    # The fraction converges in about the square root of the larger argument.
    for step in range(1, 200 + int(10 * sqrt(max(a, b)))):
        even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
        d, c = _inverse(1 + even * d), _kept(1 + even / c)
        value *= c * d
        odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
        d, c = _inverse(1 + odd * d), _kept(1 + odd / c)
        value *= c * d
        if abs(c * d - 1) < _PRECISION:
            break
    return value


def _kept(value):
    return value if abs(value) > _TINY else _TINY


def _inverse(value):
    return 1 / _kept(value)
