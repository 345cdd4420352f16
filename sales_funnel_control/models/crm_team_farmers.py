from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmTeam(models.Model):
    """Which team grows the clients a team wins, and who of it takes the next one."""

    _inherit = "crm.team"

    successor_team_id = fields.Many2one(
        "crm.team",
        "Team that Grows the Clients Won",
        index="btree_not_null",
        domain="[('funnel_kind', '=', 'proactive'), ('company_id', 'in', [False, company_id])]",
        help="Farmers of this team take charge of the clients that hunters of the present one win.",
    )

    @api.constrains("successor_team_id", "company_id")
    def _check_successor_team(self):
        for team in self:
            if team.successor_team_id == team:
                raise ValidationError(
                    self.env._("Choose another team to grow the clients that this one wins.")
                )
            companies = team.company_id | team.successor_team_id.company_id
            if len(companies) > 1:
                raise ValidationError(
                    self.env._(
                        "“%(team)s” and the team that grows its clients belong to different "
                        "companies. Choose a team of the same company, or one shared by all.",
                        team=team.name,
                    )
                )

    def _choose_farmers(self, company, client_classes):
        """Choose a farmer of this team for each client: who has the fewest clients for capacity.

        Where leads are distributed by role and grade, the farmer's grade takes the client's class
        if there is one who does. The order of the clients and the memberships decides ties.

        :param dict client_classes: class of the deal by client
        :return: farmer by client; empty where the team has no farmer with a capacity
        """
        self.ensure_one()
        members = self.sudo().crm_team_member_ids.filtered(
            lambda member: (
                member.sales_role == "farmer"
                and member.user_id.active
                and not member.assignment_optout
                and member.assignment_max > 0
                and company in member.user_id.company_ids
            )
        )
        if not members:
            return {}
        load = dict.fromkeys(members.user_id, 0)
        load.update(
            self.env["res.partner"]
            .sudo()
            .with_context(active_test=True)
            ._read_group([("farmer_id", "in", members.user_id.ids)], ["farmer_id"], ["__count"])
        )
        chosen = {}
        for client, lead_class in client_classes.items():
            fit = members.filtered(lambda m, c=lead_class: m._takes_class(c, company)) or members
            member = min(fit, key=lambda m: (load[m.user_id] / m.assignment_max, m.id))
            chosen[client] = member.user_id
            load[member.user_id] += 1
        return chosen


class CrmTeamMember(models.Model):
    _inherit = "crm.team.member"

    def _takes_class(self, lead_class, company):
        """Whether the grade takes deals of a class, where the company distributes by grade."""
        if company.id not in self.env["res.company"]._switched_on("distribution_by_role"):
            return True
        terms = self.env["crm.assignment.rule"]._terms(company.id, self.sales_role, self.grade)
        return terms is None or lead_class in terms.classes

    def _of_farmers(self, users, company):
        """The membership in which each user grows clients, for deals of a company.

        As a farmer, that is; where a client was given to somebody else, any membership will do.
        """
        members = self.sudo().with_context(active_test=True)
        members = members.search(
            [
                ("user_id", "in", users.ids),
                ("user_id.active", "=", True),
                ("crm_team_id.active", "=", True),
                ("crm_team_id.company_id", "in", [False, company.id]),
            ]
        )
        return {
            member.user_id: member
            for member in members.sorted(lambda m: (m.sales_role == "farmer", -m.id))
            if company in member.user_id.company_ids
        }
