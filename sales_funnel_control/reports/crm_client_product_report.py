from odoo import fields, models
from odoo.tools import SQL


class CrmClientProductReport(models.Model):
    """What clients buy: one row for each client, day and product group it bought or refused.

    Revenue is that of the order lines. A refusal stands under the group that weighs most in the
    deal's quotations.
    """

    _name = "crm.client.product.report"
    _inherit = "crm.client.report.events"
    _description = "Clients by Product Group"
    _auto = False

    product_category_id = fields.Many2one("product.category", "Product Group", readonly=True)
    buyers = fields.Integer(help="Clients that bought of the group, each once.")
    new_buyers = fields.Integer(
        help="Clients that bought of the group on the day of their very first purchase from us."
    )
    repeat_buyers = fields.Integer(
        help="Clients that bought of the group and had bought from us before, each once."
    )
    revenue = fields.Monetary(help="Untaxed order lines of the group, in the company's currency.")
    refusals = fields.Integer(
        help="Refusals of deals whose quotations are mostly about the group, spam and duplicates "
        "left out.",
    )

    _depends = {
        "crm.lead.refusal": ["lead_id"],
        "product.template": ["categ_id"],
        "sale.order": ["opportunity_id"],
        "sale.order.line": ["order_id", "product_id", "display_type", "price_subtotal"],
    }

    @property
    def _table_query(self):
        Client = self.env["crm.client"]
        return SQL(
            """
            SELECT fact.id, %(event)s, fact.product_category_id, fact.revenue, fact.refusals
              FROM (
                   SELECT MIN(bought.line_id)::bigint * 2 AS id, bought.client_id, bought.day,
                          bought.categ_id AS product_category_id, SUM(bought.amount) AS revenue,
                          0 AS refusals,
                          %(kind)s AS kind
                     FROM (%(bought)s) bought
                     JOIN crm_client buyer ON buyer.id = bought.client_id
                 GROUP BY bought.client_id, bought.day, bought.categ_id, buyer.first_on
                UNION ALL
                   SELECT refused.refusal_id::bigint * 2 + 1, refused.client_id, refused.day,
                          (%(product_group)s), NULL, 1, 'refusal'
                     FROM (%(refused)s) refused
                   ) fact
            %(joins)s
            """,
            event=self._event_columns(),
            kind=self._purchase_kind(),
            joins=self._client_joins("fact"),
            bought=Client._purchase_lines_sql(self.env.companies),
            refused=Client._refused_sql(self.env.companies),
            product_group=self.env["crm.lead"]._product_group_sql(SQL("refused.lead_id")),
        )
