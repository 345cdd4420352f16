from odoo import fields, models
from odoo.tools import SQL, Query


class CrmClientReport(models.Model):
    """Dynamics of the client base: one row for each client and day it bought or refused on."""

    _name = "crm.client.report"
    _inherit = "crm.client.report.events"
    _description = "Dynamics of Clients"
    _auto = False

    clients = fields.Integer(
        readonly=True,
        aggregator="count_distinct",
        help="Clients that did what is shown, each once.",
    )
    buyers = fields.Integer(help="Clients that bought, each once.")
    new_buyers = fields.Integer(help="Clients whose very first purchase it was.")
    repeat_buyers = fields.Integer(
        help="Clients that bought and had bought before, each once. A client that bought for the "
        "first time and again in the same period is among the new and the repeat buyers.",
    )
    purchases = fields.Integer(
        readonly=True, help="Days on which clients bought; several orders of a day are one."
    )
    revenue = fields.Monetary(help="Untaxed purchases, in the company's currency.")
    average_purchase = fields.Monetary(
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Revenue by purchases; in every total the sums are divided.",
    )
    refusals = fields.Integer(help="Refusals of the clients, spam and duplicates left out.")
    refused_clients = fields.Integer(
        "Clients Refusing",
        readonly=True,
        aggregator="count_distinct",
        help="Clients that refused, each once.",
    )

    _depends = {
        "crm.lead.stage.history": ["lead_id", "stage_id", "left_at", "amount"],
        "sale.order": ["amount_untaxed"],
    }

    @property
    def _table_query(self):
        Client = self.env["crm.client"]
        return SQL(
            """
            SELECT (fact.client_id::bigint * 65536 + (fact.day - DATE '1970-01-01')) * 2
                       + (fact.kind = 'refusal')::int AS id,
                   %(event)s, client.id AS clients,
                   (fact.kind <> 'refusal')::int AS purchases,
                   fact.revenue,
                   fact.revenue AS average_purchase,
                   fact.refusals,
                   CASE fact.kind WHEN 'refusal' THEN client.id END AS refused_clients
              FROM (
                   SELECT bought.client_id, bought.day, bought.amount AS revenue, 0 AS refusals,
                          %(kind)s AS kind
                     FROM (%(bought)s) bought
                     JOIN crm_client buyer ON buyer.id = bought.client_id
                UNION ALL
                   SELECT refused.client_id, refused.day, NULL, COUNT(*), 'refusal'
                     FROM (%(refused)s) refused
                 GROUP BY refused.client_id, refused.day
                   ) fact
            %(joins)s
            """,
            event=self._event_columns(),
            kind=self._purchase_kind(),
            joins=self._client_joins("fact"),
            bought=Client._purchase_days_sql(self.env.companies),
            refused=Client._refused_sql(self.env.companies),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec != "average_purchase:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "revenue", query),
            self._field_to_sql(self._table, "purchases", query),
        )
