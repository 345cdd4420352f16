from odoo import api, fields, models
from odoo.tools import SQL, date_utils

_MONTHS = 12
# Written for each client by the statement below, in this order.
_FIGURES = (
    "user_id",
    "team_id",
    "sales_role",
    "purchases",
    "first_on",
    "last_on",
    "revenue",
    "revenue_before",
    "revenue_total",
    "average_purchase",
    "interval_days",
    "purchases_recent",
)


class CrmClient(models.Model):
    """What clients bought, and how often."""

    _inherit = "crm.client"

    @api.model
    def _purchases_sql(self, company, condition):
        """Purchases of clients: ``partner_id`` (the commercial one), ``day``, ``amount``.

        A row is a confirmed order, or a deal won, as the company has it in its settings. ``day``
        is in the company's time zone, ``amount`` untaxed in the company's currency; ``order_id`` is
        empty for a deal.

        :param SQL condition: on the alias ``buyer``, a contact of ``res_partner``
        """
        zone = company.funnel_tz
        if company.client_purchases == "deals":
            return SQL(
                """
                SELECT buyer.commercial_partner_id AS partner_id,
                       (stay.entered_at AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day,
                       stay.amount, NULL::int AS order_id
                  FROM res_partner buyer
                  JOIN crm_lead deal ON deal.partner_id = buyer.id
                  JOIN crm_lead_stage_history stay
                    ON stay.lead_id = deal.id
                   AND %(is_win)s
                 WHERE stay.company_id = %(company)s
                   AND %(condition)s
                """,
                zone=zone,
                is_win=self.env["crm.lead.stage.history"]._is_win_sql(SQL("stay")),
                company=company.id,
                condition=condition,
            )
        return SQL(
            """
            SELECT buyer.commercial_partner_id AS partner_id,
                   (sold.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS day,
                   sold.amount_untaxed / COALESCE(NULLIF(sold.currency_rate, 0), 1) AS amount,
                   sold.id AS order_id
              FROM res_partner buyer
              JOIN sale_order sold ON sold.partner_id = buyer.id
             WHERE sold.state = 'sale'
               AND sold.company_id = %(company)s
               AND %(condition)s
            """,
            zone=zone,
            company=company.id,
            condition=condition,
        )

    @api.model
    def _flush_for_purchases(self):
        """Bring to the database what :meth:`_purchases_sql` reads."""
        self.env["res.partner"]._flush_for_sales()
        self.env["sale.order"].flush_model(["amount_untaxed", "currency_rate"])
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        self.env["res.partner"].flush_model(["farmer_id", "user_id"])
        self.flush_model()

    @api.model
    def _store_figures(self, company, partner_ids, today=None):
        """Write what commercial partners bought; rows that would not change are not written.

        :param company: the one that sold
        :param partner_ids: ids of commercial partners
        :param today: the last day that counts; the company's own today without it
        :return: ids of the clients that are new or changed
        """
        self._flush_for_purchases()
        today = today or company._funnel_today()
        columns = SQL(", ").join(SQL.identifier(name) for name in _FIGURES)
        rows = self.env.execute_query(
            SQL(
                """
                WITH purchase AS (
                    SELECT partner_id, day, SUM(amount) AS amount,
                           day - LAG(day) OVER (PARTITION BY partner_id ORDER BY day) AS gap
                      FROM (%(purchases)s) sold
                  GROUP BY partner_id, day
                ), bought AS (
                    SELECT partner_id, COUNT(*) AS purchases, MIN(day) AS first_on,
                           MAX(day) AS last_on, SUM(amount) AS revenue_total,
                           SUM(amount) FILTER (WHERE day > %(year_ago)s) AS revenue,
                           SUM(amount) FILTER (
                               WHERE day > %(two_years_ago)s AND day <= %(year_ago)s
                           ) AS revenue_before,
                           COUNT(*) FILTER (WHERE day > %(recently)s) AS purchases_recent,
                           PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap) AS interval_days
                      FROM purchase
                     WHERE day <= %(today)s
                  GROUP BY partner_id
                )
                INSERT INTO crm_client AS known (
                            partner_id, company_id, category, %(columns)s,
                            create_uid, create_date, write_uid, write_date
                            )
                     SELECT client.id, %(company)s, 'potential',
                            manager.user_id, member.crm_team_id, member.sales_role,
                            COALESCE(bought.purchases, 0), bought.first_on, bought.last_on,
                            ROUND(COALESCE(bought.revenue, 0), 2),
                            ROUND(COALESCE(bought.revenue_before, 0), 2),
                            ROUND(COALESCE(bought.revenue_total, 0), 2),
                            ROUND(COALESCE(bought.revenue_total / bought.purchases, 0), 2),
                            COALESCE(bought.interval_days, 0),
                            COALESCE(bought.purchases_recent, 0),
                            %(uid)s, %(now)s, %(uid)s, %(now)s
                       FROM res_partner client
                  LEFT JOIN bought ON bought.partner_id = client.id
                  LEFT JOIN LATERAL (%(last_deal)s) last ON TRUE
         CROSS JOIN LATERAL (
                       SELECT COALESCE(client.farmer_id, client.user_id, last.user_id) AS user_id
                            ) manager
                  LEFT JOIN LATERAL (%(membership)s) member ON TRUE
                      WHERE client.id = ANY(%(partners)s)
                        AND (
                            bought.partner_id IS NOT NULL
                            OR last.lead_id IS NOT NULL
                            OR client.farmer_id IN (
                                SELECT user_id FROM res_company_users_rel WHERE cid = %(company)s
                            )
                            OR EXISTS (
                                SELECT FROM crm_client
                                 WHERE partner_id = client.id AND company_id = %(company)s
                            )
                        )
                ON CONFLICT (partner_id, company_id) DO UPDATE
                        SET (%(columns)s, write_uid, write_date)
                          = ROW (%(excluded)s, EXCLUDED.write_uid, EXCLUDED.write_date)
                      WHERE (%(known)s) IS DISTINCT FROM (%(excluded)s)
                  RETURNING id
                """,
                purchases=self._purchases_sql(
                    company, SQL("buyer.commercial_partner_id = ANY(%s)", list(partner_ids))
                ),
                year_ago=date_utils.subtract(today, months=_MONTHS),
                recently=date_utils.subtract(today, months=company.client_regular_months),
                two_years_ago=date_utils.subtract(today, months=2 * _MONTHS),
                today=today,
                columns=columns,
                known=SQL(", ").join(SQL.identifier("known", name) for name in _FIGURES),
                excluded=SQL(", ").join(SQL.identifier("excluded", name) for name in _FIGURES),
                company=company.id,
                last_deal=self._last_deal_sql(company),
                membership=self._membership_sql(company),
                partners=list(partner_ids),
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)
        return [client_id for (client_id,) in rows]

    def _last_deal_sql(self, company):
        """The last opportunity of the alias ``client``: its lead and manager."""
        return SQL(
            """
              SELECT stay.lead_id, stay.user_id
                FROM res_partner person
                JOIN crm_lead deal ON deal.partner_id = person.id
                JOIN crm_lead_stage_history stay
                  ON stay.lead_id = deal.id AND stay.company_id = %s
               WHERE person.commercial_partner_id = client.id
            ORDER BY stay.entered_at DESC, stay.id DESC
               LIMIT 1
            """,
            company.id,
        )

    def _membership_sql(self, company):
        """Where the alias ``manager`` works, as a farmer if they do."""
        return SQL(
            """
              SELECT member.crm_team_id, member.sales_role
                FROM crm_team_member member
                JOIN crm_team team ON team.id = member.crm_team_id
               WHERE member.user_id = manager.user_id
                 AND member.active
                 AND team.active
                 AND COALESCE(team.company_id, %(company)s) = %(company)s
            ORDER BY member.sales_role = 'farmer' DESC, member.id
               LIMIT 1
            """,
            company=company.id,
        )
