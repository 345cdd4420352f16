from odoo import api, models
from odoo.tools import SQL


class ResPartner(models.Model):
    """Since when an organisation is a client."""

    _inherit = "res.partner"

    @api.model
    def _first_sales(self, organisations, companies):
        """When clients bought first: the first order confirmed, or the first deal won.

        :param organisations: commercial partners
        :param companies: companies that sold
        :return: moment (naive UTC) by ``(organisation id, company id)``; nothing for who never did
        """
        if not organisations or not companies:
            return {}
        self.env["sale.order"].flush_model(["partner_id", "state", "date_order", "company_id"])
        self.env["crm.lead"].flush_model(["partner_id", "company_id"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT client.commercial_partner_id, sale.company_id, MIN(sale.moment)
                  FROM res_partner client
            CROSS JOIN LATERAL (
                        SELECT sold.company_id, sold.date_order AS moment
                          FROM sale_order sold
                         WHERE sold.partner_id = client.id
                           AND sold.state = 'sale'
                           AND sold.company_id = ANY(%(companies)s)
                     UNION ALL
                        SELECT company.id, stay.entered_at
                          FROM crm_lead lead
                          JOIN crm_lead_stage_history stay
                            ON stay.lead_id = lead.id
                           AND stay.left_at IS NULL
                           AND stay.stage_id = ANY(%(won)s)
                          JOIN unnest(%(companies)s) AS company(id)
                            ON company.id = COALESCE(lead.company_id, company.id)
                         WHERE lead.partner_id = client.id
                       ) sale
                 WHERE client.commercial_partner_id = ANY(%(organisations)s)
              GROUP BY client.commercial_partner_id, sale.company_id
                """,
                organisations=organisations.ids,
                companies=companies.ids,
                won=list(self.env["crm.stage"]._won_stage_ids()),
            )
        )
        return {(client_id, company_id): moment for client_id, company_id, moment in rows}
