from collections import defaultdict
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import planning, working_time

_DAY = timedelta(days=1)
_SIX_DAYS = timedelta(days=6)
_WEEK = timedelta(weeks=1)


class CrmContactNorm(models.Model):
    _inherit = "crm.contact.norm"

    sales_plan_id = fields.Many2one(
        "crm.sales.plan",
        "From the Plan",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The sales plan that asks for this norm.",
    )
    is_made_by_plan = fields.Boolean(
        readonly=True, help="The norm goes when the plan that made it is withdrawn."
    )
    former_weekly_norm = fields.Integer(
        readonly=True,
        aggregator=None,
        help="The norm before the plan changed it; it comes back when the plan is withdrawn.",
    )
    former_plan_id = fields.Many2one(
        "crm.sales.plan", readonly=True, ondelete="set null", index="btree_not_null"
    )

    def _with_key(self, key):
        """The norm of a key that is unique."""
        return self.search([(name, "=", value) for name, value in key.items()])

    def _binds_role(self, plan, role, kind, week_start):
        """Whether the norm holds in a week for all grades of a role of the plan's team."""
        return (
            self.sales_role == role
            and self.kind == kind
            and not self.grade
            and self.valid_from <= week_start
            and self.team_id.id in (False, plan.team_id.id)
            and self.company_id.id in (False, plan.company_id.id)
        )


class CrmSalesPlan(models.Model):
    """A plan that is accepted becomes norms of the role, and a contact plan by day."""

    _inherit = "crm.sales.plan"

    norm_ids = fields.One2many("crm.contact.norm", "sales_plan_id", "Norms", readonly=True)
    contact_plan_ids = fields.One2many("crm.contact.plan", "plan_id", readonly=True)
    contact_plan_count = fields.Integer("Days", compute="_compute_contact_plan_count")

    @api.depends("contact_plan_ids")
    def _compute_contact_plan_count(self):
        counts = dict(
            self.env["crm.contact.plan"]._read_group(
                [("plan_id", "in", self.ids)], ["plan_id"], ["__count"]
            )
        )
        for plan in self:
            plan.contact_plan_count = counts.get(plan._origin, 0)

    # -- actions ------------------------------------------------------------------------------

    def action_accept(self):
        """Accept the drafts as the plan: norms, and a contact plan by day, follow.

        Plans that are accepted already stay as they are.
        """
        for plan in self:
            self.env["crm.sales.planner"]._check_head(plan.team_id)
            if plan.state == "accepted":
                continue
            plan._check_acceptable()
            plan.sudo().write(
                {
                    "state": "accepted",
                    "accepted_by_id": self.env.uid,
                    "accepted_on": fields.Datetime.now(),
                }
            )
            plan.sudo()._set_norms()
            plan.sudo()._plan_days()
        return True

    def action_withdraw(self):
        """Take accepted plans back: norms are as before, and days to come are free again.

        What was planned for days gone by stays, beside what was done.
        """
        for plan in self:
            self.env["crm.sales.planner"]._check_head(plan.team_id)
            if plan.state != "accepted":
                continue
            plan.sudo().state = "withdrawn"
            plan.sudo()._drop_norms()
            today = plan.company_id._funnel_today()
            plan.sudo().contact_plan_ids.filtered(lambda row, day=today: row.day >= day).unlink()
        return True

    def action_draft(self):
        """Plan anew with what a withdrawn plan was made from."""
        for plan in self.filtered(lambda plan: plan.state == "withdrawn"):
            self.env["crm.sales.planner"]._check_head(plan.team_id)
            plan.sudo().write({"state": "draft", "accepted_by_id": False, "accepted_on": False})
            plan._refresh()
        return True

    def action_open_contact_plan(self):
        """Open the contact plan by day."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_contact_plan_action"
            ),
            "domain": [("plan_id", "in", self.ids)],
            "context": {},
        }

    def _check_acceptable(self):
        if self.state != "draft":
            raise UserError(self.env._("A withdrawn plan is made a draft before it is accepted."))
        if not self.line_ids:
            raise UserError(
                self.env._(
                    "There is no work to plan: set a target, see the remarks, and choose days to "
                    "come. Then accept the plan."
                )
            )
        other = self.search(self._overlapping_domain(), limit=1)
        if other:
            raise UserError(
                self.env._(
                    "“%(other)s” is accepted for some of these days already. Withdraw it first.",
                    other=other.display_name,
                )
            )

    def _overlapping_domain(self):
        domain = Domain(
            [
                ("id", "!=", self.id),
                ("state", "=", "accepted"),
                ("team_id", "=", self.team_id.id),
                ("company_id", "=", self.company_id.id),
                ("date_from", "<=", self.date_to),
                ("date_to", ">=", self.date_from),
            ]
        )
        if self.user_id:
            domain &= Domain("user_id", "in", [False, self.user_id.id])
        return domain

    # -- norms --------------------------------------------------------------------------------

    def _set_norms(self):
        """Weekly norms of the team's roles from the work of the plan.

        Norms belong to roles: that of a role is what its managers have to do together, divided by
        the full weeks they work. Managers with a greater share do more than the norm, as their
        contact plan says. A plan for one manager alone sets no norm: it would bind all of the role.

        From the Monday after the plan the norms are what they would be without it.
        """
        first = max(self.date_from, self.company_id._funnel_today())
        valid_from = working_time.monday(first + _SIX_DAYS)
        if self.user_id or valid_from > self.date_to:
            return
        after = working_time.monday(self.date_to) + _WEEK
        norms = self.env["crm.contact.norm"]._in_force()
        for role, kind, number in self._norm_numbers(first):
            key = {
                "sales_role": role,
                "kind": kind,
                "team_id": self.team_id.id,
                "company_id": self.team_id.company_id.id,
                "grade": False,
            }
            number_after = norms.filtered(
                lambda norm, r=role, k=kind: norm._binds_role(self, r, k, after)
            )[:1].weekly_norm
            self._set_norm({**key, "valid_from": valid_from}, number)
            if not norms._with_key({**key, "valid_from": after}):
                self._set_norm({**key, "valid_from": after}, number_after)

    def _set_norm(self, key, number):
        norms = self.env["crm.contact.norm"]
        norm = norms._with_key(key)
        if norm:
            norm.write(
                {
                    "former_weekly_norm": norm.weekly_norm,
                    "former_plan_id": norm.sales_plan_id.id,
                    "weekly_norm": number,
                    "sales_plan_id": self.id,
                }
            )
        else:
            norms.create(
                {**key, "is_made_by_plan": True, "weekly_norm": number, "sales_plan_id": self.id}
            )

    def _norm_numbers(self, first):
        """``(role, kind, contacts of a full week)`` that the work of the plan comes to."""
        planner = self.env["crm.sales.planner"]
        call_kind = planner._call_kind(self.team_id)
        members = self.team_id.crm_team_member_ids.filtered("user_id.active")
        people = [(self.company_id, user) for user in members.user_id]
        loads = planner._loads(people, first, self.date_to)
        weeks = planner._weeks_between(first, self.date_to)
        sums = defaultdict(lambda: [0.0, 0.0, 0.0])
        for member in members:
            lines = self.line_ids.filtered(lambda line, m=member: line.user_id == m.user_id)
            load = loads[self.company_id, member.user_id]
            row = sums[member.sales_role]
            row[0] += sum(lines.mapped("meetings"))
            row[1] += sum(lines.mapped("calls"))
            row[2] += sum(load.weeks(*week) for week in weeks)
        for role, (meetings, calls, weeks_worked) in sums.items():
            for kind, contacts in (("meeting", meetings), (call_kind, calls)):
                number = round(contacts / weeks_worked) if weeks_worked else 0
                if number:
                    yield role, kind, number

    def _drop_norms(self):
        """Norms are as they were before the plan."""
        for norm in self.norm_ids:
            former = norm.former_plan_id.filtered(lambda plan: plan.state == "accepted")
            if norm.is_made_by_plan and not former:
                norm.unlink()
            else:
                norm.write(
                    {
                        "weekly_norm": norm.former_weekly_norm,
                        "sales_plan_id": former.id,
                        "former_plan_id": False,
                    }
                )

    # -- the contact plan ---------------------------------------------------------------------

    def _plan_days(self):
        """How many clients on each stage each manager works on each working day to come.

        A contact that brings a client onto a stage is made while they stand on the one before.
        """
        first = max(self.date_from, self.company_id._funnel_today())
        days = [first + number * _DAY for number in range((self.date_to - first).days + 1)]
        before = dict(zip(self.stage_ids.stage_id[1:], self.stage_ids.stage_id, strict=False))
        loads = self.env["crm.sales.planner"]._loads(
            [(self.company_id, user) for user in self.line_ids.user_id], first, self.date_to
        )
        places = list(before.values())
        rows = []
        for (user, stage), lines in self.line_ids.grouped(
            lambda line: (line.user_id, line.stage_id)
        ).items():
            if stage not in before:
                continue
            presence = loads[self.company_id, user].presence
            amounts = self._amounts_by_day(lines, days, presence)
            numbers = planning.evenly(amounts, places.index(before[stage]), len(places))
            rows += [
                {
                    "plan_id": self.id,
                    "user_id": user.id,
                    "day": day,
                    "stage_id": before[stage].id,
                    "clients": number,
                }
                for day, number in zip(days, numbers, strict=True)
                if number
            ]
        self.env["crm.contact.plan"].create(rows)._choose_due()

    def _amounts_by_day(self, lines, days, presence):
        """Contacts of each day: those of its week, over the days the manager works in it."""
        weekly = {line.week_start: line.meetings + line.calls for line in lines}
        working = {day for day in days if presence.days(day, day)}
        per_week = defaultdict(int)
        for day in working:
            per_week[working_time.monday(day)] += 1
        return [
            weekly.get(working_time.monday(day), 0.0) / per_week[working_time.monday(day)]
            if day in working
            else 0.0
            for day in days
        ]
