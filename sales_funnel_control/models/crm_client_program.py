from odoo import fields, models

_SALES = "sales_team.group_sale_salesman"


class CrmClient(models.Model):
    """Special programs and complaints of a client."""

    _inherit = "crm.client"

    program_member_ids = fields.One2many(
        "crm.program.member", "client_id", "Special Programs", readonly=True
    )
    case_ids = fields.One2many("crm.client.case", "client_id", "Complaints", readonly=True)

    def action_new_case(self):
        """Enter a complaint of the client."""
        self.ensure_one()
        return self.env["crm.client.case"]._new_action(self.partner_id)

    def _open_program_opportunity(self, name, **values):
        """Open one opportunity for each client that has a funnel of existing clients.

        :param name: of the opportunities
        :param values: more of them
        :return: what was created; blacklisted clients and those without a funnel get none
        """
        funnels = {company: self._proactive_team(company) for company in self.company_id}
        reached = self.filtered(
            lambda client: client.team_id.funnel_kind == "proactive" or funnels[client.company_id]
        )
        return reached._open_opportunity(name, **values)
