"""Concentration: how much of a total hangs on its few largest parts."""

from typing import NamedTuple

SPREAD, MODERATE, CONCENTRATED = "spread", "moderate", "concentrated"
# Limits of the index: U.S. Department of Justice and Federal Trade Commission, Horizontal Merger
# Guidelines (2010), section 5.3. They were set for suppliers of a market; here they name clients.
MODERATE_FROM = 1500
CONCENTRATED_ABOVE = 2500
TOPS = (1, 5, 10)
_WHOLE = 100


class Concentration(NamedTuple):
    """``hhi`` between 0 and 10,000, ``shares`` of the largest 1, 5 and 10 in per cent."""

    parts: int
    total: float
    hhi: float
    effective: float
    level: str
    shares: dict


def measure(parts, total, squares, largest):
    """Measure how concentrated a total is.

    The index is the sum of the squared shares in per cent: A. O. Hirschman, National Power and the
    Structure of Foreign Trade (1945); O. C. Herfindahl, Concentration in the Steel Industry (1950).
    Its reciprocal is the number of equal parts that would be as concentrated: M. A. Adelman,
    Review of Economics and Statistics 51 (1969) 99-101.

    :param int parts: how many there are
    :param float total: sum of the parts, each of them more than zero
    :param float squares: sum of their squares
    :param largest: the ten largest, or all where there are fewer, the largest first
    :return: None where there are no parts
    :rtype: Concentration or None

    >>> found = measure(3, 100, 50**2 + 30**2 + 20**2, [50, 30, 20])
    >>> found.hhi, round(found.effective, 2), found.level
    (3800.0, 2.63, 'concentrated')
    >>> found.shares
    {1: 50.0, 5: 100.0, 10: 100.0}
    >>> ten = measure(10, 10, 10, [1] * 10)
    >>> round(ten.hhi, 6), round(ten.effective, 6), ten.level, ten.shares[5]
    (1000.0, 10.0, 'spread', 50.0)
    >>> measure(0, 0, 0, [])
    """
    if not parts:
        return None
    portion = squares / total**2
    hhi = _WHOLE**2 * portion
    return Concentration(
        parts=parts,
        total=total,
        hhi=hhi,
        effective=1 / portion,
        level=level(hhi),
        shares={top: _WHOLE * sum(largest[:top]) / total for top in TOPS},
    )


def level(hhi):
    """Say in a word what an index means.

    >>> [level(hhi) for hhi in (1499.9, 1500, 2500, 2500.1)]
    ['spread', 'moderate', 'moderate', 'concentrated']
    """
    if hhi < MODERATE_FROM:
        return SPREAD
    return CONCENTRATED if hhi > CONCENTRATED_ABOVE else MODERATE
