"""Who is like whom: comparable clients for those who joined something."""

from bisect import bisect_left
from math import floor, log2


def band(amount):
    """The band an amount lies in: each begins at twice the amount of the one before.

    >>> [band(amount) for amount in (0, -5, 1, 1.9, 2, 1000, 1023.99, 1024)]
    [None, None, 0, 0, 1, 9, 9, 10]
    """
    return floor(log2(amount)) if amount > 0 else None


def nearest(members, others, count):
    """For each member up to ``count`` others of the same kind whose amounts lie nearest.

    Same kind: the same group, and amounts in the same :func:`band`. An other may be comparable to
    several members. Of two that lie equally near, the one of the smaller amount comes first, then
    that of the smaller key.

    :param members: ``(key, group, amount)`` of those who joined
    :param others: ``(key, group, amount)`` of those who did not
    :return: ``{member key: [other keys, the nearest first]}``, nothing for members unlike anybody

    >>> others = [(1, "key", 900), (2, "key", 700), (3, "key", 100), (4, "buyer", 800)]
    >>> nearest([("a", "key", 800), ("b", "key", 520), ("c", "lost", 800)], others, 2)
    {'a': [2, 1], 'b': [2, 1]}
    >>> nearest([("a", "key", 0)], [(1, "key", 0), (2, "key", 600)], 3)
    {'a': [1]}
    """
    kinds = {}
    for key, group, amount in others:
        kinds.setdefault((group, band(amount)), []).append((amount, key))
    for known in kinds.values():
        known.sort()
    found = {}
    for key, group, amount in members:
        known = kinds.get((group, band(amount)))
        if known:
            found[key] = [other for _amount, other in _around(known, amount, count)]
    return found


def _around(known, amount, count):
    """The pairs of a sorted list that lie nearest to an amount."""
    place = bisect_left(known, (amount,))
    near = known[max(0, place - count) : place + count]
    return sorted(near, key=lambda pair: (abs(pair[0] - amount), pair))[:count]
