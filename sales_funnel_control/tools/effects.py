"""Whether a decision made a rate better, beyond chance."""

from typing import NamedTuple

from . import proportions, verdicts

WORKED, DID_NOT, TOO_EARLY = "worked", "did_not", "too_early"


class Share(NamedTuple):
    """Mature entries, and those of them that came further."""

    entered: int
    advanced: int

    @property
    def rate(self):
        """Per cent; None without entries."""
        return 100 * self.advanced / self.entered if self.entered else None


def judge(before, after, rules=verdicts.Rules()):  # noqa: B008 - a named tuple does not change
    """Say whether the rate is higher after a decision than it was before.

    Both sides need as many entries as a verdict of the board. "Worked" takes a difference that
    chance gives in one of twenty cases at the most where nothing has changed: the one-sided test
    of :func:`.proportions.higher`, by which the board finds who can teach whom.

    :param Share before: entries of the weeks before the decision
    :param Share after: entries since
    :param verdicts.Rules rules: its ``minimum`` and ``level``

    >>> judge(Share(160, 105), Share(41, 38))  # 66 % and 93 %
    'worked'
    >>> judge(Share(160, 128), Share(41, 34))  # 80 % and 83 %
    'did_not'
    >>> judge(Share(160, 105), Share(19, 19)), judge(Share(19, 2), Share(41, 38))
    ('too_early', 'too_early')
    """
    if min(before.entered, after.entered) < rules.minimum:
        return TOO_EARLY
    chance = proportions.higher(after.advanced, after.entered, before.advanced, before.entered)
    return WORKED if after.rate > before.rate and chance <= rules.level else DID_NOT
