from collections import defaultdict
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from odoo import fields, models

from ..tools import planning, working_time

# Norms of these kinds add up: the others count the same contacts again.
CAPACITY_KINDS = ("meeting", "effective_call", "warm_contact")
_SIX_DAYS = timedelta(days=6)


class Load(NamedTuple):
    """A manager's capacity.

    :param full_week: contacts of a full working week, by norm or setting
    :param ramp: which part of it the manager carries; trainees are still learning
    :param presence: when the manager works
    """

    full_week: float
    ramp: float
    presence: working_time.Presence

    def capacity(self, first, last):
        """Contacts the manager can make from one day of a week to another of it."""
        return self.full_week * self.ramp * self.weeks(first, last)

    def weeks(self, first, last):
        """Which part of the company's week the manager works on these days of it: 0 to 1."""
        normal = self._normal_days(first)
        return self.presence.days(first, last) / normal if normal else 0.0

    def full_weeks(self, first, last):
        """Which part of its week the company works on these days of it: 0 to 1."""
        normal = self._normal_days(first)
        return self.presence.normal_days(first, last) / normal if normal else 0.0

    def _normal_days(self, day):
        monday = working_time.monday(day)
        return self.presence.normal_days(monday, monday + _SIX_DAYS)


class CrmSalesPlanner(models.AbstractModel):
    """Who does the work, when, and whether there are enough people."""

    _inherit = "crm.sales.planner"

    def _loads(self, people, first, last):
        """What managers can do.

        Norms that a plan brought are no capacity: they would follow the plan, whatever it asks.

        :param list people: ``(company, user)``
        :param date first: first day
        :param date last: last day
        :return: :class:`Load` by ``(company, user)``
        """
        weeks = self.env["crm.contact.norm.week"].sudo()
        norms = self.env["crm.contact.norm"]._in_force().filtered(lambda n: not n.sales_plan_id)
        memberships = weeks._memberships()
        presence = weeks._presence(people, working_time.monday(first), last + _SIX_DAYS)
        loads = {}
        for company, user in people:
            members = memberships.get((company, user), self.env["crm.team.member"].sudo())
            monday = working_time.monday(company._funnel_today())
            owed = [
                norms._of_week(members, company, kind, max(monday, working_time.monday(first)))
                for kind in CAPACITY_KINDS
            ]
            owed = sum(found[0].weekly_norm for found in owed if found)
            loads[company, user] = Load(
                owed or company.capacity_contacts_per_week,
                self._ramp(company, members),
                presence[company, user],
            )
        return loads

    def _ramp(self, company, members):
        """Which part of a full load a manager carries who is a trainee and nothing else: 0 to 1."""
        if not members or any(member.sales_role != "trainee" for member in members):
            return 1.0
        joined = company._funnel_date(members[0].create_date)
        weeks = (company._funnel_today() - joined).days // 7
        return planning.ramp(weeks, company.capacity_ramp_weeks)

    def _client_counts(self, team, company):
        """Clients in work by manager."""
        return dict(
            self.env["crm.lead"]
            .sudo()
            ._read_group(self._pipeline_domain(team, company), ["user_id"], ["__count"])
        )

    # -- the work of a plan -------------------------------------------------------------------

    def _plan_work(self, request, stages):
        """Work by manager and week: see ``get_plan``."""
        users = request.user or request.team.sudo().crm_team_member_ids.user_id.filtered("active")
        company = request.company
        weeks = self._plan_weeks(request)
        loads = self._loads([(company, user) for user in users], request.date_from, request.date_to)
        clients = self._client_counts(request.team, company)
        capacity = {
            user: sum(loads[company, user].capacity(*days) for days in weeks) for user in users
        }
        shares = self._shares(request, users, clients, capacity, len(weeks))
        lines = []
        for user in users:
            weights = self._week_weights(loads[company, user].presence, weeks)
            lines += self._manager_lines(user, shares[user] / 100, weights, stages)
        contacts = defaultdict(float)
        for line in lines:
            contacts[line["user_id"]] += line["meetings"] + line["calls"]
        return {
            "managers": [
                {
                    "id": user.id,
                    "name": user.name,
                    "share": shares[user],
                    "clients": clients.get(user, 0),
                    "capacity": capacity[user],
                    "contacts": contacts[user.id],
                    "load": 100 * contacts[user.id] / capacity[user] if capacity[user] else False,
                }
                for user in users
            ],
            "lines": lines,
            "weeks": self._week_sums(lines, stages),
            "totals": {
                "new_clients": stages[0]["to_bring"] if stages else 0,
                "meetings": sum(stage["meetings"] for stage in stages),
                "calls": sum(stage["calls"] for stage in stages),
                "people_needed": self._people_needed(request, loads, weeks, stages),
            },
        }

    def _plan_weeks(self, request):
        """``(first day, last day)`` of each week of the period that is still to come."""
        today = request.company._funnel_today()
        return self._weeks_between(max(request.date_from, today), request.date_to)

    def _weeks_between(self, first, last):
        weeks = []
        while first <= last:
            sunday = min(working_time.monday(first) + _SIX_DAYS, last)
            weeks.append((first, sunday))
            first = sunday + timedelta(days=1)
        return weeks

    def _shares(self, request, users, clients, capacity, week_count):
        """Per cent of the work by manager: as asked for, else by what load leaves of capacity.

        Load is what the clients in work ask for, see the settings of capacity.
        """
        if request.shares:
            asked = {user: request.shares.get(user.id, 0.0) for user in users}
            total = sum(asked.values())
            return {user: 100 * share / total if total else 0.0 for user, share in asked.items()}
        per_client = request.company.capacity_contacts_per_client * week_count
        free = {
            user: max(capacity[user] - clients.get(user, 0) * per_client, 0.0) for user in users
        }
        for weights in (free, capacity, dict.fromkeys(users, 1.0)):
            total = sum(weights.values())
            if total:
                return {user: 100 * weight / total for user, weight in weights.items()}
        return {}

    def _week_weights(self, presence, weeks):
        """Which part of a manager's work falls into each week: by working days."""
        days = [presence.days(*week) for week in weeks]
        if not sum(days):
            days = [presence.normal_days(*week) for week in weeks]
        total = sum(days)
        return {
            working_time.monday(week[0]): count / total
            for week, count in zip(weeks, days, strict=True)
            if count
        }

    def _manager_lines(self, user, share, weights, stages):
        return [
            {
                "user_id": user.id,
                "week_start": fields.Date.to_string(monday),
                "stage_id": stage["id"],
                **{name: stage[name] * share * part for name in ("clients", "meetings", "calls")},
            }
            for monday, part in weights.items()
            for stage in stages
            if share
        ]

    def _week_sums(self, lines, stages):
        weeks = {}
        for line in lines:
            week = weeks.setdefault(
                line["week_start"], {"new_clients": 0.0, "meetings": 0.0, "calls": 0.0}
            )
            week["new_clients"] += line["clients"] if line["stage_id"] == stages[0]["id"] else 0.0
            week["meetings"] += line["meetings"]
            week["calls"] += line["calls"]
        return [{"week_start": monday, **weeks[monday]} for monday in sorted(weeks)]

    def _people_needed(self, request, loads, weeks, stages):
        """How many managers with a full load, always present, the work of the plan takes."""
        work = sum(stage["meetings"] + stage["calls"] for stage in stages)
        full = sum(
            load.full_week * load.full_weeks(*week) for load in loads.values() for week in weeks
        )
        return ceil(round(work * len(loads) / full, 6)) if full else False
