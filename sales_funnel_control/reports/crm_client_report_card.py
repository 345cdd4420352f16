from odoo import fields, models
from odoo.tools import SQL


class CrmClientReportCard(models.AbstractModel):
    """A report on clients that leads to the client behind each row."""

    _name = "crm.client.report.card"
    _inherit = ["crm.client.report.mixin", "crm.ledger.reader"]
    _description = "Report on Clients With Their Cards"

    client_id = fields.Many2one("crm.client", "Client's Card", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)

    def _client_columns(self):
        """Whose client it is, of the aliases ``client``, ``partner`` and ``company``."""
        return SQL(
            """
            client.id AS client_id, client.partner_id, client.company_id, client.user_id,
            client.team_id, client.sales_role, client.category, client.rating,
            partner.country_id, partner.state_id, partner.industry_id, company.currency_id
            """
        )

    def _client_joins(self, alias):
        """What :meth:`_client_columns` reads, for the client of ``alias``."""
        return SQL(
            """
              JOIN crm_client client ON client.id = %s
              JOIN res_partner partner ON partner.id = client.partner_id
              JOIN res_company company ON company.id = client.company_id
            """,
            SQL.identifier(alias, "client_id"),
        )

    def action_open_client(self):
        """Open the client behind a row."""
        self.ensure_one()
        return self.client_id.get_formview_action()
