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
        self._flush_for_sales()
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT client.commercial_partner_id, sale.company_id, MIN(sale.moment)
                  FROM res_partner client
            CROSS JOIN LATERAL (%(sales)s) sale
                 WHERE client.commercial_partner_id = ANY(%(organisations)s)
              GROUP BY client.commercial_partner_id, sale.company_id
                """,
                organisations=organisations.ids,
                sales=self._sales_sql(SQL("client.id"), SQL("%s", companies.ids)),
            )
        )
        return {(client_id, company_id): moment for client_id, company_id, moment in rows}

    @api.model
    def _has_bought_sql(self, organisation, company):
        """Whether an organisation has a first sale, see :meth:`_first_sales`.

        The caller flushes, and lets the ledger catch up where wins of this very moment matter.

        :param SQL organisation: id of a commercial partner
        :param SQL company: id of the company that sold
        """
        return SQL(
            """
            EXISTS (
                SELECT FROM res_partner buyer
            CROSS JOIN LATERAL (%s) sale
                 WHERE buyer.commercial_partner_id = %s
            )
            """,
            self._sales_sql(SQL("buyer.id"), SQL("ARRAY[%s]", company)),
            organisation,
        )

    def _sales_sql(self, contact, company_ids):
        """What companies sold to a contact: ``company_id`` and ``moment``."""
        return SQL(
            """
            SELECT sold.company_id, sold.date_order AS moment
              FROM sale_order sold
             WHERE sold.partner_id = %(contact)s
               AND sold.state = 'sale'
               AND sold.company_id = ANY(%(companies)s)
         UNION ALL
            SELECT seller.id, stay.entered_at
              FROM crm_lead deal
              JOIN crm_lead_stage_history stay
                ON stay.lead_id = deal.id
               AND %(is_win)s
              JOIN unnest(%(companies)s) AS seller(id)
                ON seller.id = COALESCE(deal.company_id, seller.id)
             WHERE deal.partner_id = %(contact)s
            """,
            contact=contact,
            companies=company_ids,
            is_win=self.env["crm.lead.stage.history"]._is_win_sql(SQL("stay")),
        )

    def _flush_for_sales(self):
        self.env["sale.order"].flush_model(["partner_id", "state", "date_order", "company_id"])
        self.env["crm.lead"].flush_model(["partner_id", "company_id"])
        self.env["res.partner"].flush_model(["commercial_partner_id"])
