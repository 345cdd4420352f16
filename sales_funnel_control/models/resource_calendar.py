from datetime import timedelta

import pytz

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.date_utils import localized


class ResourceCalendar(models.Model):
    """Working time, counted in minutes."""

    _inherit = "resource.calendar"

    @api.model
    def _leaves_domain(self, company):
        """What is no working time in a company; other companies' public holidays are none of it."""
        return list(
            Domain("time_type", "=", "leave") & Domain("company_id", "in", [False, company.id])
        )

    def _minutes_after(self, moment, minutes, company=None):
        """The moment by which so many minutes were worked.

        :param moment: naive UTC
        :param int minutes: by the clock where there is no calendar, or nobody ever works by it
        :param company: whose public holidays count; none for the calendar's own or, where several
            companies share it, the current one
        :return: naive UTC, whole seconds
        """
        by_clock = moment + timedelta(minutes=minutes)
        if not self:
            return by_clock
        domain = self._leaves_domain(company or self.company_id or self.env.company)
        due = self.plan_hours(minutes / 60, moment, compute_leaves=True, domain=domain) or by_clock
        return (due + timedelta(microseconds=500_000)).replace(microsecond=0)

    def _minutes_worked(self, spans, company=None):
        """How many minutes were worked in each span; the calendar is read once for all of them.

        :param spans: ``(from, to)``, naive UTC
        :param company: as for :meth:`_minutes_after`
        :return: minutes, in the order of the spans; by the clock where there is no calendar
        """
        spans = list(spans)
        if not spans:
            return []
        first, last = min(start for start, _end in spans), max(end for _start, end in spans)
        intervals = [(first, last)]
        if self and first < last:
            domain = self._leaves_domain(company or self.company_id or self.env.company)
            worked = self._work_intervals_batch(localized(first), localized(last), domain=domain)
            intervals = [
                tuple(edge.astimezone(pytz.utc).replace(tzinfo=None) for edge in interval[:2])
                for interval in worked[False]
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


class ResourceResource(models.Model):
    """Managers as those whose working hours and time off Odoo knows."""

    _inherit = "resource.resource"

    @api.model
    def _of_managers(self, users, companies):
        """What tells when managers work: their resource in the company, else one that belongs to
        no company; of several the oldest.

        :return: resource (sudo), perhaps empty, by ``(company, user)``
        """
        resources = self.sudo().with_context(active_test=True)
        found = resources.search(
            [("user_id", "in", users.ids), ("company_id", "in", [False, *companies.ids])],
            order="id desc",
        )
        by_key = {(each.company_id.id, each.user_id.id): each for each in found}
        return {
            (company, user): by_key.get((company.id, user.id))
            or by_key.get((False, user.id), resources)
            for company in companies
            for user in users
        }
