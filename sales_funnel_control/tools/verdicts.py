"""Fair verdicts: who is below target beyond chance, and who could teach whom.

The rules are the product's own; the tests they rest on are in :mod:`proportions`.
"""

from typing import NamedTuple

from . import proportions

BELOW, ON_TARGET, ABOVE, INSUFFICIENT = "below", "on_target", "above", "insufficient"


class Rules(NamedTuple):
    """What the company lays down.

    :param minimum: mature entries that a verdict needs
    :param tolerance: points by which a rate may miss its target
    :param level: false discovery rate allowed on a board
    """

    minimum: int = 20
    tolerance: float = 5.0
    level: float = 0.05


class Cell(NamedTuple):
    """A manager at a transition.

    :param entered: mature entries
    :param advanced: those of them that came further
    :param target: per cent, None where there is none
    :param ease: how much easier the manager's list is than everybody's, see :mod:`mix`
    """

    entered: int
    advanced: int
    target: float | None
    ease: float = 1.0

    @property
    def rate(self):
        """Conversion in per cent, as it would be with everybody's mix of leads."""
        return min(100.0, 100 * self.advanced / self.entered / self.ease)


class Seat(NamedTuple):
    """A :class:`Cell` with its verdict and with who sits there.

    :param manager: anything that names the manager
    :param peers: only managers of the same peers are compared: their role
    """

    manager: object
    peers: object
    transition: object
    cell: Cell
    verdict: str | None


def judge(cells, rules=Rules()):  # noqa: B008 - a named tuple does not change
    """Verdicts on all cells of a board, each beyond chance where it is not "on target".

    :param cells: the :class:`Cell` of every manager and transition shown
    :return: a verdict for each, None where no target is set

    >>> judge([Cell(250, 200, 100), Cell(250, 238, 100), Cell(200, 140, 80), Cell(238, 214, 80),
    ...        Cell(140, 119, 80), Cell(214, 150, 80), Cell(119, 113, 95), Cell(150, 120, 95),
    ...        Cell(19, 1, 80), Cell(200, 140, None)])
    ... # doctest: +NORMALIZE_WHITESPACE
    ['below', 'on_target', 'below', 'above', 'on_target', 'below', 'on_target', 'below',
     'insufficient', None]
    """
    verdicts = [
        INSUFFICIENT if cell.entered < rules.minimum else None if cell.target is None else ON_TARGET
        for cell in cells
    ]
    judged = [cell for cell, verdict in zip(cells, verdicts, strict=True) if verdict == ON_TARGET]
    # Both questions are asked of every cell: all answers together are one family of findings.
    found = proportions.beyond_chance(
        [_chance_below(cell, rules) for cell in judged] + [_chance_above(cell) for cell in judged],
        rules.level,
    )
    is_below, is_above = iter(found[: len(judged)]), iter(found[len(judged) :])
    for place, cell in enumerate(cells):
        if verdicts[place] == ON_TARGET:
            below, above = next(is_below), next(is_above)
            if below and cell.target - cell.rate > rules.tolerance:
                verdicts[place] = BELOW
            elif above and cell.rate - cell.target > rules.tolerance:
                verdicts[place] = ABOVE
    return verdicts


def _chance_below(cell, rules):
    """A rate of 100 % allows no single refusal: such targets are tested less the tolerance."""
    share = min(cell.target, 100 - rules.tolerance) / 100 * cell.ease
    return proportions.at_most(cell.advanced, cell.entered, min(1.0, share))


def _chance_above(cell):
    share = cell.target / 100 * cell.ease
    return proportions.at_least(cell.advanced, cell.entered, min(1.0, share))


def pair(seats, rules=Rules()):  # noqa: B008 - a named tuple does not change
    """Pair everybody below target with the best peer whose rate is higher beyond chance.

    :param seats: the :class:`Seat` of every manager and transition shown
    :return: ``(learner's seat, teacher's seat)`` in the order of the seats

    >>> seats = [Seat("Ivanov", "hunter", "presentation", Cell(200, 140, 80), "below"),
    ...          Seat("Sidorov", "hunter", "presentation", Cell(238, 214, 80), "above"),
    ...          Seat("Petrova", "farmer", "presentation", Cell(100, 99, 80), "above"),
    ...          Seat("Orlov", "hunter", "presentation", Cell(9, 9, 80), "insufficient")]
    >>> [(learner.manager, teacher.manager) for learner, teacher in pair(seats)]
    [('Ivanov', 'Sidorov')]
    """
    tried = [
        (learner, teacher)
        for learner in seats
        if learner.verdict == BELOW
        for teacher in seats
        if teacher.manager != learner.manager
        and (teacher.peers, teacher.transition) == (learner.peers, learner.transition)
        and teacher.cell.entered >= rules.minimum
        and teacher.cell.rate > learner.cell.rate
    ]
    found = proportions.beyond_chance(
        [_chance_higher(teacher.cell, learner.cell) for learner, teacher in tried], rules.level
    )
    best = {}
    for (learner, teacher), stands in zip(tried, found, strict=True):
        key = (learner.manager, learner.transition)
        if stands and (key not in best or teacher.cell.rate > best[key][1].cell.rate):
            best[key] = (learner, teacher)
    return list(best.values())


def _chance_higher(cell, other):
    return proportions.higher(
        cell.rate / 100 * cell.entered,
        cell.entered,
        other.rate / 100 * other.entered,
        other.entered,
    )
