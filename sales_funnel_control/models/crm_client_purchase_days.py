from odoo import api, models
from odoo.tools import SQL


class CrmClient(models.Model):
    """Purchases of clients of several companies, for reports."""

    _inherit = "crm.client"

    @api.model
    def _purchase_days_sql(self, companies, condition=None):
        """Days on which clients bought until today: ``client_id``, ``day``, ``amount``.

        :param companies: whose clients
        :param SQL condition: on the alias ``buyer``, as in :meth:`_purchases_sql`
        """
        return self._each_company_sql(
            companies,
            SQL("SELECT NULL::int AS client_id, NULL::date AS day, 0::numeric AS amount"),
            lambda company: SQL(
                """
                  SELECT client.id AS client_id, sold.day, SUM(sold.amount) AS amount
                    FROM (%(purchases)s) sold
                    JOIN crm_client client
                      ON client.partner_id = sold.partner_id AND client.company_id = %(company)s
                   WHERE sold.day <= %(today)s
                GROUP BY client.id, sold.day
                """,
                purchases=self._purchases_sql(company, condition or SQL("TRUE")),
                company=company.id,
                today=company._funnel_today(),
            ),
        )

    @api.model
    def _purchase_lines_sql(self, companies, condition=None):
        """What clients bought: ``client_id``, ``day``, ``line_id``, ``categ_id``, ``amount``.

        A row is a line of an order, ``amount`` untaxed in the company's currency. Deals have no
        lines: there is nothing of companies whose purchases they are.
        """
        return self._each_company_sql(
            companies.filtered(lambda company: company.client_purchases == "orders"),
            SQL(
                "SELECT NULL::int AS client_id, NULL::date AS day, NULL::int AS line_id,"
                " NULL::int AS categ_id, 0::numeric AS amount"
            ),
            lambda company: SQL(
                """
                SELECT client.id AS client_id, sold.day, line.id AS line_id, template.categ_id,
                       line.price_subtotal / COALESCE(NULLIF(bill.currency_rate, 0), 1) AS amount
                  FROM (%(purchases)s) sold
                  JOIN crm_client client
                    ON client.partner_id = sold.partner_id AND client.company_id = %(company)s
                  JOIN sale_order bill ON bill.id = sold.order_id
                  JOIN sale_order_line line
                    ON line.order_id = bill.id AND line.display_type IS NULL
             LEFT JOIN product_product product ON product.id = line.product_id
             LEFT JOIN product_template template ON template.id = product.product_tmpl_id
                 WHERE sold.day <= %(today)s
                """,
                purchases=self._purchases_sql(company, condition or SQL("TRUE")),
                company=company.id,
                today=company._funnel_today(),
            ),
        )

    def _each_company_sql(self, companies, shape, part):
        """One query of the parts of companies; ``shape`` names its columns where there is none."""
        parts = [part(company) for company in companies.sudo()]
        return SQL(" UNION ALL ").join(parts or [SQL("%s WHERE FALSE", shape)])

    @api.model
    def _refused_sql(self, companies):
        """Refusals of clients: ``client_id``, ``day``, ``refusal_id``, ``lead_id``.

        Spam and duplicates are none.
        """
        return SQL(
            """
            SELECT client.id AS client_id, refusal.id AS refusal_id, refusal.lead_id,
                   (refusal.refused_at AT TIME ZONE 'UTC' AT TIME ZONE company.funnel_tz)::date
                   AS day
              FROM crm_lead_refusal refusal
              JOIN res_company company ON company.id = refusal.company_id
              JOIN res_partner person ON person.id = refusal.partner_id
              JOIN crm_client client
                ON client.partner_id = person.commercial_partner_id
               AND client.company_id = refusal.company_id
         LEFT JOIN crm_lost_reason reason ON reason.id = refusal.lost_reason_id
             WHERE refusal.company_id = ANY(%s)
               AND reason.is_spam_or_duplicate IS NOT TRUE
            """,
            companies.ids,
        )
