"""What a manager's week is worth by the company's weights."""

from typing import NamedTuple

FULL = 100.0


class Part(NamedTuple):
    """What was done of what was due: one kind of contact, one transition, all the sales."""

    done: float
    due: float


def attainment(parts, cap=FULL):
    """How far what was due was done, in per cent; what is over in one part helps no other.

    ``100 · Σ min(done, due · cap ÷ 100) ÷ Σ due``: each part weighs by what was due of it, and
    counts up to ``cap`` per cent of that.

    :param parts: iterable of :class:`Part`, none of them negative
    :param float cap: most that a part counts for, in per cent
    :return: 0 to ``cap``; None where nothing was due

    >>> attainment([Part(6, 12), Part(90, 40)])
    88.46153846153847
    >>> attainment([Part(18, 12)]), attainment([Part(18, 12)], cap=120)
    (100.0, 120.0)
    >>> attainment([Part(3, 0)]) is None
    True
    """
    parts = [part for part in parts if part.due > 0]
    due = sum(part.due for part in parts)
    if not due:
        return None
    # Worked with shares of what was due: tiny amounts divided by tiny ones stay in bounds.
    return sum(min(cap, FULL * max(0, part.done) / part.due) * (part.due / due) for part in parts)


def shares(weights):
    """The weights of the components that are counted, rescaled to a hundred.

    :param dict weights: weight by component, 0 or more
    :return: share by component, in per cent; empty where no component weighs anything

    >>> shares({"contacts": 30, "sales": 10})
    {'contacts': 75.0, 'sales': 25.0}
    >>> shares({"contacts": 0})
    {}
    """
    total = sum(weights.values())
    if not total:
        return {}
    return {name: FULL * (weight / total) for name, weight in weights.items()}


class Points(NamedTuple):
    """What a component brings: its share of the whole, and how much of that was earned."""

    share: float
    points: float


def score(attained, weights):
    """Points of the components; components of which nothing was due are left out.

    The weights of the rest are rescaled, so that nobody loses by what could not be done.

    :param dict attained: attainment by component, see :func:`attainment`
    :param dict weights: weight by component
    :return: :class:`Points` by component; the score is the sum of their points

    >>> score({"contacts": 80, "sales": None, "tasks": 50}, {"contacts": 30, "sales": 50,
    ...     "tasks": 10})
    {'contacts': Points(share=75.0, points=60.0), 'tasks': Points(share=25.0, points=12.5)}
    """
    counted = {
        name: weights.get(name, 0)
        for name, value in attained.items()
        if value is not None and weights.get(name, 0) > 0
    }
    return {
        name: Points(share, attained[name] * share / FULL)
        for name, share in shares(counted).items()
    }
