from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmTeamMember(models.Model):
    """What a manager has in work, and how much more the distribution may give today."""

    _inherit = "crm.team.member"

    in_work_count = fields.Integer("In Work", compute="_compute_in_work")
    in_work_a_count = fields.Integer("A", compute="_compute_in_work")
    in_work_b_count = fields.Integer("B", compute="_compute_in_work")
    in_work_c_count = fields.Integer("C", compute="_compute_in_work")
    in_work_unclassed_count = fields.Integer("No Class", compute="_compute_in_work")
    quota_left = fields.Integer(
        "Left Today",
        compute="_compute_quota_left",
        help="How many more leads the distribution may give this manager within 24 hours.",
    )
    clients_in_charge = fields.Integer(
        compute="_compute_clients_in_charge",
        groups="sales_team.group_sale_salesman",
        help="Clients whose farmer this manager is.",
    )

    @api.depends("user_id", "crm_team_id")
    def _compute_in_work(self):
        counts = {
            (user.id, team.id, lead_class): count
            for user, team, lead_class, count in self.env["crm.lead"]._read_group(
                [
                    ("user_id", "in", self.user_id.ids),
                    ("team_id", "in", self.crm_team_id.ids),
                    ("won_status", "=", "pending"),
                ],
                ["user_id", "team_id", "lead_class"],
                ["__count"],
            )
        }
        for member in self:
            a, b, c, unclassed = (
                counts.get((member.user_id.id, member.crm_team_id.id, lead_class), 0)
                for lead_class in ("a", "b", "c", False)
            )
            member.in_work_a_count = a
            member.in_work_b_count = b
            member.in_work_c_count = c
            member.in_work_unclassed_count = unclassed
            member.in_work_count = a + b + c + unclassed

    @api.depends("assignment_max", "assignment_optout", "lead_day_count")
    def _compute_quota_left(self):
        for member in self:
            left = 0 if member.assignment_optout else member._get_assignment_quota()
            member.quota_left = max(0, left)

    @api.depends("user_id")
    def _compute_clients_in_charge(self):
        counts = dict(
            self.env["res.partner"]._read_group(
                [("farmer_id", "in", self.user_id.ids)], ["farmer_id"], ["__count"]
            )
        )
        for member in self:
            member.clients_in_charge = counts.get(member.user_id, 0)

    def action_distribute(self):
        """Distribute what waits in the teams of these members, or in all teams, as the cron does.

        Quotas are kept, however often this is done.

        :return: the notification of what was done
        :raise UserError: where rule-based assignment is not switched on
        """
        if not self.env["crm.lead"]._is_rule_based_assignment_activated():
            raise UserError(
                self.env._(
                    "Switch on “Rule-Based Assignment” in the settings of CRM first: it says which "
                    "leads a team takes and how many each manager can."
                )
            )
        teams = self.crm_team_id or self.env["crm.team"].search(
            [("assignment_optout", "=", False)]
        ).filtered(lambda team: team.use_leads or team.use_opportunities)
        given = teams._action_assign_leads(creation_delta_days=0)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "title": self.env._("Leads Distributed"),
                "message": " ".join(teams._action_assign_leads_logs(*given)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # -- distribution -------------------------------------------------------------------------

    def _get_assignment_quota(self, force_quota=False):
        """In a turn of the distribution: what is left of the quota of those whose turn it is."""
        turn = self.env.context.get("distribution_turn")
        if turn:
            return turn.quotas.get(self.id, 0)
        return super()._get_assignment_quota(force_quota=force_quota)

    def _takes(self, facts):
        """Whether the rules give this manager a lead with such facts."""
        self.ensure_one()
        company_id = facts.company_id or self.user_id.company_id.id
        if company_id not in self.env["res.company"]._switched_on("distribution_by_role"):
            return True
        terms = self.env["crm.assignment.rule"]._terms(company_id, self.sales_role, self.grade)
        return terms is None or terms.objection(facts, company_id) is None

    def _takers(self, facts):
        """Who of these managers may get a lead; where a farmer is in charge, nobody else."""
        available = self.filtered(lambda m: not m.assignment_optout and m.assignment_max > 0)
        if facts.farmer_id:
            return available.filtered(lambda member: member.user_id.id == facts.farmer_id)
        return available.filtered(lambda member: member._takes(facts))

    def _position(self):
        """Role and grade as people read them."""
        self.ensure_one()
        labels = (
            dict(self._fields[name]._description_selection(self.env))[self[name]]
            for name in ("sales_role", "grade")
        )
        return ", ".join(labels)
