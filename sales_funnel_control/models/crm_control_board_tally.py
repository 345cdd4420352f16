"""Sums of counts, as the control board adds them up."""

from dataclasses import dataclass
from typing import NamedTuple

from ..tools import proportions


@dataclass
class Tally:
    """Sums of counts."""

    entered: int = 0
    advanced: int = 0
    targets: float = 0.0
    targeted: int = 0

    def add(self, other):
        self.entered += other.entered
        self.advanced += other.advanced
        self.targets += other.targets
        self.targeted += other.targeted

    @property
    def rate(self):
        return 100 * self.advanced / self.entered if self.entered else False

    @property
    def target(self):
        return self.targets / self.targeted if self.targeted else None

    @property
    def interval(self):
        if not self.entered:
            return False, False
        low, high = proportions.wilson_interval(self.advanced, self.entered)
        return 100 * low, 100 * high


class Entries:
    """The entries of one manager at one transition, or of all: old enough, young, and before."""

    def __init__(self):
        self.mature = Tally()
        self.young = Tally()
        self.previous = Tally()

    def add(self, count, mature_only):
        if count.is_previous:
            if count.is_mature or not mature_only:
                self.previous.add(count)
        else:
            (self.mature if count.is_mature else self.young).add(count)

    def shown(self, mature_only):
        tally = Tally()
        tally.add(self.mature)
        if not mature_only:
            tally.add(self.young)
        return tally


class Who(NamedTuple):
    """A manager in a role: the same person in two roles stands on the board twice."""

    user_id: int | None
    sales_role: str | None
