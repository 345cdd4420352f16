"""What happens to a lead's stays when the lead changes.

A *stay* is the time an opportunity spends in one stage under one manager. The functions here
compare the lead as it is now with its latest stay and say what has to be written. They know
neither the database nor the clock, so that the rules can be read, and tried, in one place.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

WON_RANK = 1_000_000


@dataclass(frozen=True)
class Step:
    """A stage as one team's funnel sees it.

    :param rank: place on the way to payment, growing. Won stages come after every other; a stage
        that stands behind the last won one ("On hold", say) is parked off the way and has rank 0.
    :param is_member: whether the stage belongs to the team's funnel at all.
    """

    stage_id: int
    rank: int
    is_member: bool
    is_won: bool


class Funnel:
    """The ordered stages of one sales team.

    >>> funnel = Funnel.build([(1, True, False), (2, True, False), (3, True, True)])
    >>> funnel.next_stage(1), funnel.next_stage(2), funnel.next_stage(3)
    (2, 3, None)
    >>> funnel.between(1, 3), funnel.before(3)
    ((2,), (1, 2))
    """

    def __init__(self, steps):
        self.steps = {step.stage_id: step for step in steps}
        self.way = tuple(
            sorted((s for s in steps if s.is_member and s.rank), key=lambda step: step.rank)
        )

    @classmethod
    def build(cls, stages):
        """Make a funnel of ``(stage id, belongs to the funnel, is won)`` in their order."""
        last_won = max(
            (place for place, (_id, member, won) in enumerate(stages, 1) if member and won),
            default=None,
        )
        return cls(
            [
                Step(
                    stage_id,
                    rank=(
                        WON_RANK + place if won else 0 if last_won and place > last_won else place
                    ),
                    is_member=member,
                    is_won=won,
                )
                for place, (stage_id, member, won) in enumerate(stages, 1)
            ]
        )

    def rank(self, stage_id):
        step = self.steps.get(stage_id)
        return step.rank if step else 0

    def next_stage(self, stage_id):
        """Stage that the transition out of ``stage_id`` leads into, or None where the way ends."""
        step = self.steps.get(stage_id)
        if not step or not step.is_member or not step.rank or step.is_won:
            return None
        return next((other.stage_id for other in self.way if other.rank > step.rank), None)

    def between(self, from_stage_id, to_stage_id):
        """Stages jumped over on the way from one stage to a later one."""
        return self._jumped(self.rank(from_stage_id), self.rank(to_stage_id))

    def before(self, stage_id):
        """Stages that a lead entering the funnel at ``stage_id`` jumped over."""
        return self._jumped(0, self.rank(stage_id))

    def _jumped(self, low, high):
        return tuple(s.stage_id for s in self.way if low < s.rank < high and not s.is_won)


class Lead(NamedTuple):
    """A lead as it is now. ``in_funnel``: an active opportunity that has a stage."""

    stage_id: int | None
    team_id: int | None
    user_id: int | None
    in_funnel: bool
    is_lost: bool
    lost_reason_id: int | None = None


class Stay(NamedTuple):
    """The latest stay of a lead."""

    stage_id: int | None
    team_id: int | None
    user_id: int | None
    exit: str
    lost_reason_id: int | None = None

    @property
    def is_open(self):
        return self.exit == "still_there"


class Entry(NamedTuple):
    """A stay to be opened. ``exit`` other than ``still_there`` means: entered and left at once."""

    stage_id: int
    origin: str
    exit: str = "still_there"
    lost_reason_id: int | None = None


@dataclass
class Change:
    """What has to be written for one lead.

    :param exit: how the latest stay ends, or how it did end after all; None leaves it.
    :param entries: stays to open, in order.
    :param first_visit_only: jumped-over stages are entered only where the lead never was.
    """

    exit: str | None = None
    lost_reason_id: int | None = None
    entries: list[Entry] = field(default_factory=list)
    first_visit_only: bool = False

    def __bool__(self):
        return self.exit is not None or bool(self.entries)


def changes(lead, last, funnel):
    """Compare a lead with its latest stay.

    :param Lead lead: the lead as it is now
    :param last: its latest :class:`Stay`, or None
    :param Funnel funnel: the funnel of the lead's present team
    :rtype: Change

    >>> funnel = Funnel.build([(1, True, False), (2, True, False), (3, True, True)])
    >>> at = lambda stage, user=7: Lead(stage, 1, user, True, False)
    >>> changes(at(2), None, funnel).entries
    ... # doctest: +NORMALIZE_WHITESPACE
    [Entry(stage_id=1, origin='skipped', exit='advanced', lost_reason_id=None),
     Entry(stage_id=2, origin='created', exit='still_there', lost_reason_id=None)]
    >>> changes(at(1), Stay(2, 1, 7, 'still_there'), funnel).exit
    'moved_back'
    >>> changes(at(2, user=8), Stay(2, 1, 7, 'still_there'), funnel).exit
    'handed_over'
    >>> bool(changes(at(2), Stay(2, 1, 7, 'still_there'), funnel))
    False
    """
    if lead.in_funnel:
        return _present(lead, last, funnel)
    if last is None:
        return _born_lost(lead, funnel)
    return _absent(lead, last)


def _present(lead, last, funnel):
    """The lead is in the funnel: it wants an open stay that mirrors it."""
    if last is None:
        return _enter(lead, "created", funnel.before(lead.stage_id))
    if not last.is_open:
        return _enter(lead, "reopened", *_jumped_meanwhile(lead, last, funnel))
    if last.team_id != lead.team_id:
        change = _enter(lead, "transferred", funnel.before(lead.stage_id), True)
        change.exit = "transferred"
        return change
    if last.stage_id != lead.stage_id:
        if funnel.rank(lead.stage_id) > funnel.rank(last.stage_id):
            change = _enter(lead, "advanced", funnel.between(last.stage_id, lead.stage_id))
        else:
            change = _enter(lead, "moved_back")
        change.exit = change.entries[-1].origin
        return change
    if last.user_id != lead.user_id:
        change = _enter(lead, "handed_over")
        change.exit = "handed_over"
        return change
    return Change()


def _jumped_meanwhile(lead, last, funnel):
    """Stages between the one a reopened lead was lost in and the one it comes back to."""
    if last.team_id != lead.team_id or not last.stage_id:
        return funnel.before(lead.stage_id), True
    return funnel.between(last.stage_id, lead.stage_id), False


def _enter(lead, origin, jumped=(), first_visit_only=False):
    return Change(
        entries=[
            *(Entry(stage_id, "skipped", "advanced") for stage_id in jumped),
            Entry(lead.stage_id, origin),
        ],
        first_visit_only=first_visit_only,
    )


def _born_lost(lead, funnel):
    """A lead that is lost before the ledger ever saw it (an import of old leads, mostly)."""
    if not lead.is_lost or not lead.stage_id:
        return Change()
    change = _enter(lead, "created", funnel.before(lead.stage_id))
    change.entries[-1] = Entry(lead.stage_id, "created", "refused", lead.lost_reason_id)
    return change


def _absent(lead, last):
    """The lead is out of the funnel: its latest stay is closed, for the right reason.

    A withdrawn lead may turn out to be lost, as losing takes several writes. A refusal has
    happened: it stays one, until the lead is reopened.
    """
    if lead.is_lost:
        return Change(exit="refused", lost_reason_id=lead.lost_reason_id)
    return Change(exit="withdrawn") if last.is_open else Change()
