from odoo import fields, models
from odoo.fields import Domain

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
        """Open one opportunity for each client, in the funnel of existing clients.

        :param name: of the opportunities; the client's name is added
        :param values: more of them
        :return: what was created; blacklisted clients and those without a funnel get none
        """
        refused = self.partner_id._refused_by_programs()
        teams = {company: self._proactive_team(company) for company in self.company_id}
        vals_list = []
        for client in self:
            own = client.team_id.filtered(lambda team: team.funnel_kind == "proactive")
            team = own or teams[client.company_id]
            if team and client.partner_id not in refused:
                vals_list.append(
                    {
                        **values,
                        "name": f"{name}: {client.partner_id.name}",
                        "type": "opportunity",
                        "partner_id": client.partner_id.id,
                        "user_id": client.user_id.id,
                        "team_id": team.id,
                        "company_id": client.company_id.id,
                    }
                )
        return (
            self.env["crm.lead"].with_context(mail_auto_subscribe_no_notify=True).create(vals_list)
        )

    def _proactive_team(self, company):
        return self.env["crm.team"].search(
            Domain("funnel_kind", "=", "proactive")
            & Domain("use_opportunities", "=", True)
            & Domain("company_id", "in", (company.id, False)),
            limit=1,
        )
