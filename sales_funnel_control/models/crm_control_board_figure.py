from collections import defaultdict

from odoo import models
from odoo.fields import Domain

from .crm_control_board_tally import Entries, Who
from .crm_team_member import SALES_ROLES


class CrmControlBoard(models.AbstractModel):
    """The figure: transitions, managers, their rates and what can fairly be said of them."""

    _inherit = "crm.control.board"

    def _figures(self, request):
        """Counts under the reader's rules, and those of the whole team (without names)."""
        ledger = self.env["crm.lead.stage.history"]
        counts = self._counts(request, ledger)
        if self._sees_team(request) or self.env.user not in request.team.member_ids:
            return counts, counts
        companies = Domain("company_id", "in", self.env.companies.ids)
        return counts, self._counts(request, ledger.sudo(), companies)

    def _seats(self, request, rules, counts, team_counts):
        """Everybody's verdict at every transition, without the rest of the board."""
        cells = self._cells(request, counts)
        return self._judged(request, rules, cells, list(cells), team_counts)

    def _cells(self, request, counts):
        cells = defaultdict(Entries)
        for count in counts:
            who = Who(count.user_id, count.sales_role)
            cells[who, count.next_stage_id].add(count, request.mature_only)
        return cells

    def _figure(self, request, figures, rules):
        counts, team_counts = figures
        cells = self._cells(request, counts)
        totals = defaultdict(Entries)
        for count in team_counts:
            totals[count.next_stage_id].add(count, request.mature_only)
        transitions = self._transitions(request, totals)
        managers = self._managers(request, cells)
        order = [
            (who, transition["id"])
            for who in managers
            for transition in transitions
            if (who, transition["id"]) in cells
        ]
        judged = self._judged(request, rules, cells, order, team_counts)
        shown = [
            self._cell(request, rules, who, transition, cells[who, transition], judged)
            for who, transition in order
        ]
        self._explain(rules, shown, [judged.get(key) for key in order])
        return {
            "transitions": transitions,
            "path": self._paths(transitions),
            "managers": [
                {**manager, **self._summary(manager, transitions, shown)}
                for manager in managers.values()
            ],
            "cells": shown,
            "teach": self._teach(rules, judged),
        }

    # -- transitions --------------------------------------------------------------------------

    def _transitions(self, request, totals):
        """The transitions of the team's funnel in their order, then those it no longer has."""
        funnel = self.env["crm.stage"]._funnel(request.team.id)
        before = {funnel.next_stage(step.stage_id): step.stage_id for step in funnel.way}
        before.pop(None, None)
        former = [stage_id for stage_id in totals if stage_id not in before]
        stages = self.env["crm.stage"].sudo().browse([*before, *former])
        names = {stage.id: stage.name for stage in stages.browse({*stages.ids, *before.values()})}
        targets = stages._targets_in_force(request.team.id)
        horizons = self._horizons(request.team)
        return [
            {
                "id": stage.id,
                "name": names[stage.id],
                "from_id": before.get(stage.id, False),
                "from_name": names.get(before.get(stage.id), False),
                "is_former": stage.id not in before,
                "horizon": horizons.get(before.get(stage.id), False),
                **self._rates(request, totals[stage.id], targets[stage.id] or None),
            }
            for stage in stages
        ]

    def _rates(self, request, entries, target_today=None):
        """What is shown of entries: counts, rate, interval, target and gap."""
        shown = entries.shown(request.mature_only)
        low, high = shown.interval
        target = target_today if shown.target is None else shown.target
        return {
            "entered": shown.entered,
            "advanced": shown.advanced,
            "rate": shown.rate,
            "low": low,
            "high": high,
            "target": False if target is None else target,
            "gap": shown.rate - target if shown.entered and target is not None else False,
            "young_entered": entries.young.entered,
            "young_advanced": entries.young.advanced,
            "young_rate": entries.young.rate,
            "previous_rate": entries.previous.rate if request.compare else False,
            "previous_entered": entries.previous.entered if request.compare else False,
        }

    def _paths(self, transitions):
        """Of a hundred clients in the first stage, how many come to the end, and should."""
        way = [transition for transition in transitions if not transition["is_former"]]
        return {
            name: self._product([transition[name] for transition in way])
            for name in ("rate", "target")
        }

    @staticmethod
    def _product(rates):
        if not rates or any(rate is False for rate in rates):
            return False
        product = 100.0
        for rate in rates:
            product *= rate / 100
        return product

    # -- managers -----------------------------------------------------------------------------

    def _managers(self, request, cells):
        """Everybody with entries, by role and name, with a colour that stays theirs."""
        people = {who for who, _transition in cells}
        users = self.env["res.users"].sudo().browse({who.user_id for who in people if who.user_id})
        members = (
            self.env["crm.team.member"]
            .sudo()
            .with_context(active_test=False)
            .search([("crm_team_id", "=", request.team.id)], order="id")
        )
        colors = {
            user_id: place
            for place, user_id in enumerate(dict.fromkeys(members.user_id.ids + sorted(users.ids)))
        }
        names = {user.id: user.name for user in users}
        roles = dict(
            self.env["crm.team.member"]._fields["sales_role"]._description_selection(self.env)
        )
        order = [role for role, _label in SALES_ROLES]
        return {
            who: {
                "key": self._manager_key(*who),
                "id": who.user_id or False,
                "name": names.get(who.user_id) or self.env._("Unassigned"),
                "sales_role": who.sales_role or False,
                "role_name": roles.get(who.sales_role) or "",
                "color": colors.get(who.user_id, len(colors)),
            }
            for who in sorted(
                people,
                key=lambda who: (
                    not who.user_id,
                    order.index(who.sales_role) if who.sales_role else len(order),
                    names.get(who.user_id, ""),
                    who.user_id or 0,
                ),
            )
        }

    @staticmethod
    def _manager_key(user_id, sales_role):
        return f"{user_id or 0}-{sales_role or 'none'}"

    def _summary(self, manager, transitions, cells):
        """A manager's entries, how many are old enough, and what they come to in the end."""
        mine = {cell["transition"]: cell for cell in cells if cell["key"] == manager["key"]}
        mature = sum(cell["mature_entered"] for cell in mine.values())
        entered = mature + sum(cell["young_entered"] for cell in mine.values())
        way = [transition["id"] for transition in transitions if not transition["is_former"]]
        return {
            "entered": entered,
            "mature_share": 100 * mature / entered if entered else False,
            "worst_gap": min(
                (cell["gap"] for cell in mine.values() if cell["gap"] is not False), default=False
            ),
            "path_rate": self._product(
                [mine[stage_id]["rate"] if stage_id in mine else False for stage_id in way]
            ),
        }
