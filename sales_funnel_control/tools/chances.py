"""The chance that a deal is won, by the age it has come to."""

from bisect import bisect_left
from itertools import accumulate
from typing import NamedTuple


class Chance(NamedTuple):
    """Of ``total`` deals that came to this age, ``won`` were won. No total: no history."""

    won: int = 0
    total: int = 0

    @property
    def share(self):
        """Between 0 and 1; None without history."""
        return self.won / self.total if self.total else None


class Past(NamedTuple):
    """Deals of the past whose fate is known, by how old they can be compared at.

    Only decided deals tell a chance, and of these only such as came to the age so long ago that
    what normally is decided is decided by now. Otherwise fast refusals of new deals would count
    while the wins beside them, which take longer, are still to come. So a deal that stood for
    some days, and began ``since`` days ago, tells of every age up to the days it stood, but of
    none beyond ``since - ripe``: those it came to within the last ``ripe`` days.

    :param list ages: whole days, ascending
    :param list chances: the :class:`Chance` of deals that tell of this age or of an older one
    """

    ages: list
    chances: list

    @classmethod
    def build(cls, counts):
        """Sum up deals from the oldest age down.

        :param dict counts: ``{whole days until which deals tell: (won, total)}``

        >>> past = Past.build({3: (1, 2), 10: (2, 2)})
        >>> past.at(0), past.at(4)
        (Chance(won=3, total=4), Chance(won=2, total=2))
        >>> past.at(10.9), past.at(11)
        (Chance(won=2, total=2), Chance(won=0, total=0))
        """
        ages = sorted(counts)
        sums = accumulate(
            (Chance(*counts[age]) for age in reversed(ages)),
            lambda older, younger: Chance(older.won + younger.won, older.total + younger.total),
        )
        return cls(ages, list(sums)[::-1])

    def at(self, age):
        """The chance of a deal that has come to ``age`` days.

        :rtype: Chance
        """
        place = bisect_left(self.ages, int(age))
        return self.chances[place] if place < len(self.ages) else Chance()
