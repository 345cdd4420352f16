from collections import defaultdict
from datetime import timedelta

import pytz

from odoo import api, fields, models

from ..tools import working_time

# Leaves are stored in UTC, days are local: no time zone is further off than this.
_MARGIN = timedelta(days=2)


class CrmContactNormWeek(models.Model):
    """Working time of managers, as far as Odoo knows it: calendars, holidays and time off."""

    _inherit = "crm.contact.norm.week"

    @api.model
    def _presence(self, people, first, last, overlooked=None):
        """When managers work, read at once for all of them.

        The company's calendar is the normal week. A manager with working hours of their own (a
        part-timer) works these. Holidays of either calendar and the manager's time off are out.

        :param list people: ``(company, user)``
        :param date first: first day
        :param date last: last day
        :param overlooked: holidays and time off that are not taken into account
        :return: :class:`~..tools.working_time.Presence` by ``(company, user)``
        """
        env = self.sudo().env
        companies = env["res.company"].union(*(company for company, _user in people)).sudo()
        users = env["res.users"].union(*(user for _company, user in people)).sudo()
        resources = env["resource.resource"]._of_managers(users, companies)
        calendars = companies.resource_calendar_id | env["resource.calendar"].union(
            *(resource.calendar_id for resource in resources.values())
        )
        schedules = self._schedules(calendars)
        holidays, time_off = self._absences(companies, resources.values(), first, last, overlooked)
        usual = working_time.Schedule.usual()
        result = {}
        for company, user in people:
            calendar = company.sudo().resource_calendar_id
            resource = resources[company, user]
            zone = self._zone(company, resource)
            own = resource.calendar_id or calendar
            leaves = [
                leave
                for leave in holidays[company.id]
                if not leave.calendar_id or leave.calendar_id in (calendar, own)
            ] + time_off[resource.id]
            normal = schedules.get(calendar.id, usual)
            result[company, user] = working_time.presence(
                normal,
                schedules.get(own.id, normal),
                [(_local(leave.date_from, zone), _local(leave.date_to, zone)) for leave in leaves],
                first,
                last,
                _local(fields.Datetime.now(), zone),
            )
        return result

    @api.model
    def _zone(self, company, resource):
        company = company.sudo()
        return pytz.timezone(resource.tz or company.resource_calendar_id.tz or company.funnel_tz)

    @api.model
    def _schedules(self, calendars):
        """Hours of work by calendar id; flexible ones, which have none, are left out."""
        periods = defaultdict(lambda: defaultdict(tuple))
        attendances = (
            self.sudo()
            .env["resource.calendar.attendance"]
            .search(
                [
                    ("calendar_id", "in", calendars.filtered(lambda c: not c.flexible_hours).ids),
                    ("day_period", "!=", "lunch"),
                    ("display_type", "=", False),
                ]
            )
        )
        for line in attendances:
            alternate = line.calendar_id.two_weeks_calendar and line.week_type
            for week_type in (int(line.week_type),) if alternate else (0, 1):
                periods[line.calendar_id.id][week_type, int(line.dayofweek)] += (
                    (line.hour_from, line.hour_to),
                )
        return {key: working_time.Schedule(value) for key, value in periods.items()}

    @api.model
    def _absences(self, companies, resources, first, last, overlooked=None):
        """Holidays by company id, and time off by resource id; but for those overlooked."""
        resource_ids = [resource.id for resource in resources]
        leaves = (
            self.sudo()
            .env["resource.calendar.leaves"]
            .search(
                [
                    ("time_type", "=", "leave"),
                    ("date_from", "<=", fields.Datetime.to_datetime(last) + _MARGIN),
                    ("date_to", ">=", fields.Datetime.to_datetime(first) - _MARGIN),
                    "|",
                    ("resource_id", "in", resource_ids),
                    "&",
                    ("resource_id", "=", False),
                    ("company_id", "in", [False, *companies.ids]),
                ]
            )
        )
        holidays, time_off = defaultdict(list), defaultdict(list)
        for leave in leaves - (overlooked or leaves.browse()):
            if leave.resource_id:
                time_off[leave.resource_id.id].append(leave)
                continue
            for company in leave.company_id or companies:
                holidays[company.id].append(leave)
        return holidays, time_off


def _local(moment, zone):
    return pytz.utc.localize(moment).astimezone(zone).replace(tzinfo=None)
