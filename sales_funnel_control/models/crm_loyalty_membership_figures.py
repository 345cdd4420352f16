from odoo import api, models
from odoo.tools import SQL


class CrmLoyaltyMembership(models.Model):
    """What members buy: the facts under the reports."""

    _inherit = "crm.loyalty.membership"

    @api.model
    def _figures_sql(self, companies):
        """What members bought before and after they joined, and comparable clients meanwhile.

        A row is a membership and ``whose``: ``member``, or ``comparable`` for the average of its
        comparable clients, where there are any. The time before and the time after are as many
        months as the company's settings say; the day of joining belongs to the time before.
        Memberships of which the time after has not passed yet are not ``mature`` (0 or 1) and have
        no other figures.
        """
        self.env["crm.client"]._flush_for_purchases()
        self.env["crm.loyalty.comparable"].flush_model()
        self.flush_model()
        parts = [self._figures_of_company_sql(company) for company in companies]
        return SQL(" UNION ALL ").join(SQL("(%s)", part) for part in parts)

    def _figures_of_company_sql(self, company):
        return SQL(
            """
            WITH span AS (
                SELECT id, partner_id, joined_on,
                       (joined_on - %(months)s)::date AS begins_after,
                       (joined_on + %(months)s)::date AS ends_on,
                       (joined_on + %(months)s)::date < %(today)s AS is_mature
                  FROM crm_loyalty_membership
                 WHERE company_id = %(company)s
            ), person AS (
                SELECT id AS membership_id, 'member' AS whose, partner_id FROM span
             UNION ALL
                SELECT span.id, 'comparable', comparable.partner_id
                  FROM span
                  JOIN crm_loyalty_comparable comparable ON comparable.membership_id = span.id
                 WHERE comparable.partner_id <> span.partner_id
            ), bought AS (
                SELECT partner_id, day, SUM(amount) AS amount
                  FROM (%(purchases)s) sold
              GROUP BY partner_id, day
            ), figure AS (
                SELECT span.id AS membership_id, person.whose,
                       COUNT(bought.day) FILTER (WHERE bought.day <= span.joined_on)
                       AS purchases_before,
                       COUNT(bought.day) FILTER (WHERE bought.day > span.joined_on)
                       AS purchases_after,
                       COALESCE(SUM(bought.amount) FILTER (WHERE bought.day <= span.joined_on), 0)
                       AS revenue_before,
                       COALESCE(SUM(bought.amount) FILTER (WHERE bought.day > span.joined_on), 0)
                       AS revenue_after
                  FROM span
                  JOIN person ON person.membership_id = span.id
             LEFT JOIN bought
                    ON bought.partner_id = person.partner_id
                   AND bought.day > span.begins_after
                   AND bought.day <= span.ends_on
                 WHERE span.is_mature
              GROUP BY span.id, person.whose, person.partner_id
            ), average AS (
                SELECT membership_id, whose,
                       AVG((purchases_before > 0)::int) AS bought_before,
                       AVG((purchases_after > 0)::int) AS bought_after,
                       AVG(purchases_before) AS purchases_before,
                       AVG(purchases_after) AS purchases_after,
                       AVG(revenue_before) AS revenue_before,
                       AVG(revenue_after) AS revenue_after
                  FROM figure
              GROUP BY membership_id, whose
            ), side AS (
                SELECT DISTINCT membership_id, whose,
                       bool_or(whose = 'comparable') OVER (PARTITION BY membership_id) AS is_matched
                  FROM person
            )
            SELECT side.membership_id, side.whose, side.is_matched, span.is_mature::int AS mature,
                   CASE WHEN span.is_mature THEN span.joined_on - span.begins_after END
                   AS days_before,
                   CASE WHEN span.is_mature THEN span.ends_on - span.joined_on END AS days_after,
                   average.bought_before, average.bought_after,
                   average.purchases_before, average.purchases_after,
                   average.revenue_before, average.revenue_after
              FROM side
              JOIN span ON span.id = side.membership_id
         LEFT JOIN average
                ON average.membership_id = side.membership_id
               AND average.whose = side.whose
            """,
            months=SQL("make_interval(months => %s)", company.loyalty_months),
            today=company._funnel_today(),
            company=company.id,
            purchases=self.env["crm.client"]._purchases_sql(
                company,
                SQL(
                    """
                    buyer.commercial_partner_id IN (
                        SELECT partner_id FROM crm_loyalty_membership WHERE company_id = %s
                         UNION
                        SELECT comparable.partner_id
                          FROM crm_loyalty_comparable comparable
                          JOIN crm_loyalty_membership of_company
                            ON of_company.id = comparable.membership_id
                         WHERE of_company.company_id = %s
                    )
                    """,
                    company.id,
                    company.id,
                ),
            ),
        )
