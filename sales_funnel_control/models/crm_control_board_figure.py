from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from odoo import models
from odoo.fields import Domain

from ..tools import mix, proportions, verdicts
from .crm_team_member import SALES_ROLES


@dataclass
class _Tally:
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


class _Entries:
    """The entries of one manager at one transition, or of all: old enough, young, and before."""

    def __init__(self):
        self.mature = _Tally()
        self.young = _Tally()
        self.previous = _Tally()

    def add(self, count, mature_only):
        if count.is_previous:
            if count.is_mature or not mature_only:
                self.previous.add(count)
        else:
            (self.mature if count.is_mature else self.young).add(count)

    def shown(self, mature_only):
        tally = _Tally()
        tally.add(self.mature)
        if not mature_only:
            tally.add(self.young)
        return tally


class _Who(NamedTuple):
    """A manager in a role: the same person in two roles stands on the board twice."""

    user_id: int | None
    sales_role: str | None


class CrmControlBoard(models.AbstractModel):
    """The figure: transitions, managers, their rates and what can fairly be said of them."""

    _inherit = "crm.control.board"

    def _figures(self, request):
        """Counts under the reader's rules, and those of the whole team (without names)."""
        ledger = self.env["crm.lead.stage.history"]
        counts = self._counts(request, ledger)
        if self._sees_team(request):
            return counts, counts
        return counts, self._counts(request, ledger.sudo())

    def _seats(self, request, rules, counts, team_counts):
        """Everybody's verdict at every transition, without the rest of the board."""
        cells = self._cells(request, counts)
        return self._judged(request, rules, cells, list(cells), team_counts)

    def _cells(self, request, counts):
        cells = defaultdict(_Entries)
        for count in counts:
            who = _Who(count.user_id, count.sales_role)
            cells[who, count.next_stage_id].add(count, request.mature_only)
        return cells

    def _figure(self, request, figures, rules):
        counts, team_counts = figures
        cells = self._cells(request, counts)
        totals = defaultdict(_Entries)
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
        return {
            "transitions": transitions,
            "path": self._paths(transitions),
            "managers": [
                {**manager, **self._sum_of(request, transitions, who, cells)}
                for who, manager in managers.items()
            ],
            "cells": [
                self._cell(request, rules, who, transition, cells[who, transition], judged)
                for who, transition in order
            ],
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
        targets = stages._targets_in_force(request.team.id)
        horizons = self._horizons(request.team)
        return [
            {
                "id": stage.id,
                "name": stage.name,
                "from_id": before.get(stage.id, False),
                "from_name": self.env["crm.stage"].browse(before.get(stage.id, [])).name,
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

    def _sum_of(self, request, transitions, who, cells):
        """A manager's entries, how many are old enough, and what they come to in the end."""
        mine = [
            cells[who, transition["id"]]
            for transition in transitions
            if (who, transition["id"]) in cells
        ]
        mature = sum(entries.mature.entered for entries in mine)
        entered = mature + sum(entries.young.entered for entries in mine)
        way = [transition["id"] for transition in transitions if not transition["is_former"]]
        gaps = [gap for entries in mine if (gap := self._rates(request, entries)["gap"])]
        return {
            "entered": entered,
            "mature_share": 100 * mature / entered if entered else False,
            "worst_gap": min(gaps) if gaps else False,
            "path_rate": self._product(
                [
                    cells[who, stage_id].shown(request.mature_only).rate
                    if (who, stage_id) in cells
                    else False
                    for stage_id in way
                ]
            ),
        }

    # -- verdicts -----------------------------------------------------------------------------

    def _judged(self, request, rules, cells, order, team_counts):
        """The :class:`~..tools.verdicts.Seat` of every cell of a manager, by cell."""
        named = [(who, transition) for who, transition in order if who.user_id]
        ease = self._ease(request, rules, team_counts)
        seats = [
            verdicts.Cell(
                tally.entered, tally.advanced, tally.target, ease.get((who, transition), 1.0)
            )
            for who, transition in named
            for tally in [cells[who, transition].mature]
        ]
        return {
            key: verdicts.Seat(key[0], key[0].sales_role, key[1], cell, verdict)
            for key, cell, verdict in zip(named, seats, verdicts.judge(seats, rules), strict=True)
        }

    def _ease(self, request, rules, counts):
        """How much easier each manager's list is, by cell; nothing where it does not matter."""
        if not request.adjust_for:
            return {}
        figures = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for count in counts:
            if count.is_mature and not count.is_previous:
                who = _Who(count.user_id, count.sales_role)
                figure = figures[count.next_stage_id][who, count.stratum]
                figure[0] += count.entered
                figure[1] += count.advanced
        return {
            (who, transition): ease
            for transition, by_stratum in figures.items()
            for who, ease in mix.ease(by_stratum, rules.minimum).items()
        }

    def _cell(self, request, rules, who, transition, entries, judged):
        seat = judged.get((who, transition))
        verdict = seat.verdict if seat else None
        mature = entries.mature
        adjusts = bool(request.adjust_for and seat and mature.entered)
        return {
            "key": self._manager_key(*who),
            "manager": who.user_id or False,
            "transition": transition,
            **self._rates(request, entries),
            "mature_entered": mature.entered,
            "mature_advanced": mature.advanced,
            "adjusted_rate": seat.cell.rate if adjusts else False,
            "missing": max(0, rules.minimum - mature.entered) if seat else 0,
            "verdict": verdict or False,
            "explanation": self._explanation(rules, seat, adjusts) if seat else "",
        }

    def _explanation(self, rules, seat, adjusts):
        """How the verdict came about, in a sentence."""
        cell = seat.cell
        if seat.verdict == verdicts.INSUFFICIENT:
            return self.env._(
                "%(entered)s mature entries of the %(minimum)s that a verdict needs: "
                "%(missing)s more to come.",
                entered=cell.entered,
                minimum=rules.minimum,
                missing=rules.minimum - cell.entered,
            )
        figures = {
            "advanced": cell.advanced,
            "entered": cell.entered,
            "rate": self._percent(100 * cell.advanced / cell.entered),
            "adjusted": self._percent(cell.rate),
            "target": self._percent(cell.target or 0),
            "tolerance": self._percent(rules.tolerance),
        }
        if cell.target is None:
            return self.env._(
                "%(advanced)s of %(entered)s mature entries, %(rate)s %%; no target is set.",
                **figures,
            )
        if adjusts:
            basis = self.env._(
                "%(advanced)s of %(entered)s mature entries, %(rate)s %%, "
                "adjusted for the mix %(adjusted)s %%, target %(target)s %%",
                **figures,
            )
        else:
            basis = self.env._(
                "%(advanced)s of %(entered)s mature entries, %(rate)s %%, target %(target)s %%",
                **figures,
            )
        return self._conclusion(rules, seat, basis, figures["tolerance"])

    def _conclusion(self, rules, seat, basis, tolerance):
        if seat.verdict == verdicts.BELOW:
            return self.env._("%(basis)s: below, beyond chance.", basis=basis)
        if seat.verdict == verdicts.ABOVE:
            return self.env._("%(basis)s: above, beyond chance.", basis=basis)
        if abs(seat.cell.rate - seat.cell.target) <= rules.tolerance:
            return self.env._(
                "%(basis)s: on target, within %(tolerance)s points of it.",
                basis=basis,
                tolerance=tolerance,
            )
        return self.env._("%(basis)s: the difference may be chance.", basis=basis)

    def _percent(self, value):
        """A figure with one decimal at most, as the reader's language writes it."""
        digits = 0 if round(value, 1) == round(value) else 1
        return (
            self.env["res.lang"]
            ._lang_get(self.env.user.lang or "en_US")
            .format(f"%.{digits}f", value)
        )

    def _teach(self, rules, judged):
        return [
            {
                "learner": learner.manager.user_id,
                "learner_key": self._manager_key(*learner.manager),
                "teacher": teacher.manager.user_id,
                "teacher_key": self._manager_key(*teacher.manager),
                "transition": learner.transition,
                "learner_rate": learner.cell.rate,
                "teacher_rate": teacher.cell.rate,
            }
            for learner, teacher in verdicts.pair(list(judged.values()), rules)
        ]

    # -- the leads behind a figure ------------------------------------------------------------

    def _entries_domain(self, request, user_id, sales_role, transition_id):
        """Domain on the ledger of the entries that a cell counts, but for their maturity."""
        domain = self._period_domain(request, "entered_at", request.date_from, request.date_to)
        domain &= Domain("is_cohort", "=", True)
        domain &= Domain("exit", "!=", "transferred")
        domain &= Domain("next_stage_id", "=", transition_id)
        domain &= Domain("lost_reason_id", "=", False) | Domain(
            "lost_reason_id.is_spam_or_duplicate", "=", False
        )
        if user_id is not None:
            domain &= Domain("user_id", "=", user_id) & Domain("sales_role", "=", sales_role)
        return domain
