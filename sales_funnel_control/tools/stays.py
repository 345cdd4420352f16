"""What happens to a lead's stays when the lead changes.

A *stay* is the time an opportunity spends in one stage under one manager. The functions here
compare the lead as it is now with its latest stay and say what has to be written. They know
neither the database nor the clock, so that the rules can be read, and tried, in one place.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

WON_RANK = 1_000_000
# How the latest stay may stand of which a refusal is still news.
_OUTSIDE = ("still_there", "refused", "withdrawn")


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


class Visit(NamedTuple):
    """A stay of the lead in the team it belongs to now; the latest may be one of them.

    :param is_spam: whether the lead was refused there as spam or a duplicate
    :param counts: whether it is the entry into its stage that the conversion counts
    :param reached_next: whether the lead has come further since
    """

    stay_id: int
    stage_id: int | None
    exit: str
    counts: bool
    reached_next: bool
    is_spam: bool = False

    @property
    def passes_on(self):
        """Whether a later entry into the stage counts instead: it was the first of a client."""
        return self.exit == "transferred" or self.is_spam


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


class Consequences(NamedTuple):
    """What a change means for what counts.

    :param entries: the stays to open, in order, each with whether it counts: ``(Entry, bool)``
    :param arrives: whether the lead came further than the stay that is closed
    :param uncounted: ids of stays that stop counting
    :param passed: ids of stays that the lead has now come further than, but for the closed one
    """

    entries: list
    arrives: bool
    uncounted: list
    passed: list


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
            jumped = funnel.between(last.stage_id, lead.stage_id)
            change = _enter(lead, "advanced", jumped, _is_parked(last.stage_id, funnel))
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
    jumped = funnel.between(last.stage_id, lead.stage_id)
    return jumped, _is_parked(last.stage_id, funnel)


def _is_parked(stage_id, funnel):
    """Whether a stage is off the way: who comes back from it has been on the way before."""
    return not funnel.rank(stage_id)


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
        is_told = (last.exit, last.lost_reason_id) == ("refused", lead.lost_reason_id)
        if is_told or last.exit not in _OUTSIDE:
            return Change()
        return Change(exit="refused", lost_reason_id=lead.lost_reason_id)
    return Change(exit="withdrawn") if last.is_open else Change()


def consequences(change, left_rank, closed_id, visits, funnel):
    """Say what a change means for what counts.

    The first entry into a stage counts. Who takes the lead over within a stage takes over the
    entry as well; a lead that comes back from another team enters anew, and so does one that was
    taken for spam.

    :param left_rank: rank of the stage the lead comes from; None from outside the funnel
    :param closed_id: id of the stay that the change closes, or None
    :param visits: every :class:`Visit` of the lead
    :rtype: Consequences

    >>> funnel = Funnel.build([(1, True, False), (2, True, False), (3, True, True)])
    >>> first = Visit(10, 1, 'still_there', True, False)
    >>> moved = Change('advanced', entries=[Entry(2, 'advanced')])
    >>> consequences(moved, 1, 10, [first], funnel)
    ... # doctest: +NORMALIZE_WHITESPACE
    Consequences(entries=[(Entry(stage_id=2, origin='advanced', exit='still_there',
    lost_reason_id=None), True)], arrives=True, uncounted=[], passed=[])
    >>> handed = Change('handed_over', entries=[Entry(1, 'handed_over')])
    >>> [counts for _entry, counts in consequences(handed, 1, 10, [first], funnel).entries]
    [True]
    >>> again = Change(entries=[Entry(1, 'reopened')])
    >>> [counts for _entry, counts in consequences(again, 1, None, [first], funnel).entries]
    [False]
    """
    counting = [
        visit
        for visit in visits
        if visit.counts and not (visit.stay_id == closed_id and change.exit == "handed_over")
    ]
    visited = {visit.stage_id for visit in visits}
    entries, uncounted = [], []
    for entry in change.entries:
        if change.first_visit_only and entry.origin == "skipped" and entry.stage_id in visited:
            continue
        former = [visit for visit in counting if visit.stage_id == entry.stage_id]
        given_away = [visit.stay_id for visit in former if visit.passes_on]
        uncounted += given_away
        entries.append((entry, len(given_away) == len(former)))
    arrived = max((funnel.rank(entry.stage_id) for entry in change.entries), default=-1)
    left = -1 if left_rank is None else left_rank
    passed = [
        visit.stay_id
        for visit in counting
        if not visit.reached_next
        and visit.stay_id not in (closed_id, *uncounted)
        and visit.stage_id in funnel.steps
        and left <= funnel.rank(visit.stage_id) < arrived
    ]
    return Consequences(entries, left_rank is not None and arrived > left_rank, uncounted, passed)
