from datetime import timedelta

import pytz

from odoo import models
from odoo.tools.date_utils import localized


class ResourceCalendar(models.Model):
    """Working time, counted in minutes."""

    _inherit = "resource.calendar"

    def _minutes_after(self, moment, minutes):
        """The moment by which so many minutes were worked.

        :param moment: naive UTC
        :param int minutes: by the clock where there is no calendar, or nobody ever works by it
        :return: naive UTC, whole seconds
        """
        by_clock = moment + timedelta(minutes=minutes)
        if not self:
            return by_clock
        due = self.plan_hours(minutes / 60, moment, compute_leaves=True) or by_clock
        return (due + timedelta(microseconds=500_000)).replace(microsecond=0)

    def _minutes_worked(self, spans):
        """How many minutes were worked in each span; the calendar is read once for all of them.

        :param spans: ``(from, to)``, naive UTC
        :return: minutes, in the order of the spans; by the clock where there is no calendar
        """
        spans = list(spans)
        if not spans:
            return []
        first, last = min(start for start, _end in spans), max(end for _start, end in spans)
        intervals = [(first, last)]
        if self and first < last:
            worked = self._work_intervals_batch(localized(first), localized(last))[False]
            intervals = [
                tuple(edge.astimezone(pytz.utc).replace(tzinfo=None) for edge in interval[:2])
                for interval in worked
            ]
        nothing = timedelta()
        return [
            sum(
                (max(min(end, to) - max(start, since), nothing) for start, end in intervals),
                nothing,
            )
            / timedelta(minutes=1)
            for since, to in spans
        ]
