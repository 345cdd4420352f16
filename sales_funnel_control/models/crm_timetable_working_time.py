from collections import defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import api, models


class Occurrence(NamedTuple):
    """A block on a day; moments are naive UTC."""

    block: models.BaseModel
    day: object
    start: datetime
    stop: datetime


class CrmTimetable(models.Model):
    """On which days, and when, the blocks of a timetable take place."""

    _inherit = "crm.timetable"

    def _occurrences(self, users, date_from, date_to, company):
        """The blocks of the timetable on the working days of each manager.

        :param date_from: first day
        :param date_to: last day
        :param company: whose time zone, working days and public holidays hold
        :return: ``{user: [Occurrence]}`` in order of time
        """
        self.ensure_one()
        by_weekday = self.block_ids.grouped(lambda block: int(block.weekday))
        days = [
            date_from + timedelta(days=number) for number in range((date_to - date_from).days + 1)
        ]
        zone = pytz.timezone(company.funnel_tz)
        all_of_them = [
            Occurrence(
                block,
                day,
                self._moment(zone, day, block._minute_from()),
                self._moment(zone, day, block._minute_to()),
            )
            for day in days
            for block in by_weekday.get(day.weekday(), self.env["crm.time.block"]).sorted(
                "hour_from"
            )
        ]
        working, off = self._working_time(users, date_from, date_to, company)
        return {
            user: [
                each
                for each in all_of_them
                if each.day in working[user]
                and not any(start < each.stop and each.start < stop for start, stop in off[user])
            ]
            for user in users
        }

    @api.model
    def _moment(self, zone, day, minutes):
        """The moment (naive UTC) when a clock of the time zone shows so many minutes of a day."""
        local = datetime.combine(day, time.min) + timedelta(minutes=minutes)
        return zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _working_time(self, users, date_from, date_to, company):
        """When managers work, as far as Odoo knows: working hours, public holidays, time off.

        A block may lie outside of the working hours, documents after five for instance: only days
        without any working time left are free, and what time off covers.

        :return: ``{user: working days}``, ``{user: [(start, stop)] of time off, naive UTC}``
        """
        zone = pytz.timezone(company.funnel_tz)
        start = zone.localize(datetime.combine(date_from, time.min))
        stop = zone.localize(datetime.combine(date_to + timedelta(days=1), time.min))
        domain = self.env["resource.calendar"]._leaves_domain(company)
        working, off = {}, {}
        for calendar, resource_of in self._resources(users, company).items():
            if not calendar:
                # Without working hours, the timetable itself says which days are worked.
                span = (date_to - date_from).days + 1
                every = {date_from + timedelta(days=number) for number in range(span)}
                working.update(dict.fromkeys(resource_of, every))
                off.update(dict.fromkeys(resource_of, ()))
                continue
            resources = self.env["resource.resource"].sudo().union(*resource_of.values())
            hours = calendar._work_intervals_batch(start, stop, resources, domain, tz=zone)
            leaves = calendar._leave_intervals_batch(start, stop, resources, domain, tz=zone)
            for user, resource in resource_of.items():
                # Odoo applies public holidays only to resources of the very company they are of.
                worked = hours[resource.id] - leaves[False]
                working[user] = {begin.date() for begin, _end, _meta in worked}
                off[user] = [
                    tuple(each.astimezone(pytz.utc).replace(tzinfo=None) for each in (begin, end))
                    for begin, end, _meta in leaves[resource.id] | leaves[False]
                ]
        return working, off

    @api.model
    def _resources(self, users, company):
        """``{working hours: {user: resource}}``; without a resource, the company's hours hold."""
        resources = self.env["resource.resource"]._of_managers(users, company)
        result = defaultdict(dict)
        for user in users:
            resource = resources[company, user]
            calendar = resource.calendar_id or company.sudo().resource_calendar_id
            result[calendar][user] = resource
        return result
