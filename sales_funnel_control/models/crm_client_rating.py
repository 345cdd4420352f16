from typing import NamedTuple

from odoo import api, fields, models
from odoo.tools import SQL


class Marks(NamedTuple):
    """What the whole base says of a single client.

    :param revenue: of all clients in 12 months
    :param from_a: revenue from which a client is A by its share; None where nobody bought
    :param from_b: likewise B
    """

    revenue: float
    from_a: float | None
    from_b: float | None


class CrmClient(models.Model):
    """Rating: the worth of a client to the company.

    By revenue (ABC analysis): clients in the order of their revenue of the last 12 months. Those
    before whom less than 80 % of the revenue has added up are A, those before whom less than
    95 % has are B, the others are C; clients of equal revenue have one rating. Who bought nothing
    has none. By score: the points of the rules that a client fits, against the thresholds for A
    and B; who has points but less than these is C.
    """

    _inherit = "crm.client"

    score = fields.Integer(
        readonly=True, help="Points of all score rules that the client fits.", aggregator="avg"
    )

    # -- nightly ------------------------------------------------------------------------------

    @api.model
    def _nightly_ratings(self, company, after_id):
        """The ratings of the next clients; the marks are set before the first."""
        if not after_id:
            self._keep_marks(company, self._marks(company))
        clients, last_id = self._next_clients(company, after_id)
        return last_id, self._store_ratings(company, clients.ids, self._marks_known(company))

    # -- revenue ------------------------------------------------------------------------------

    @api.model
    def _marks(self, company):
        """:class:`Marks` of the company's base as it is now."""
        self.flush_model(["revenue", "company_id"])
        [[revenue, from_a, from_b]] = self.env.execute_query(
            SQL(
                """
                WITH summed AS (
                    SELECT revenue, SUM(revenue) OVER () AS total,
                           SUM(revenue) OVER (ORDER BY revenue DESC)
                           - SUM(revenue) OVER (PARTITION BY revenue) AS before
                      FROM crm_client
                     WHERE company_id = %(company)s
                       AND revenue > 0
                )
                SELECT COALESCE(MAX(total), 0),
                       MIN(revenue) FILTER (WHERE before * 100 < total * %(share_a)s),
                       MIN(revenue) FILTER (WHERE before * 100 < total * %(share_b)s)
                  FROM summed
                """,
                company=company.id,
                share_a=company.client_share_a,
                share_b=company.client_share_b,
            )
        )
        return Marks(revenue, from_a, from_b)

    @api.model
    def _keep_marks(self, company, marks):
        """Keep the marks on the company's run, for the clients that change until the next."""
        self._last_run(company).write(
            {
                "revenue": marks.revenue,
                "revenue_a": marks.from_a or 0,
                "revenue_b": marks.from_b or 0,
                "has_marks": True,
            }
        )

    @api.model
    def _marks_known(self, company):
        """The :class:`Marks` of the company's last run that set them, else those of now."""
        run = self._last_run(company, [("has_marks", "=", True)])
        if run:
            return Marks(run.revenue, run.revenue_a or None, run.revenue_b or None)
        return self._marks(company)

    def _last_run(self, company, domain=()):
        runs = self.env["crm.client.run"].sudo()
        return runs.search([("company_id", "=", company.id), *domain], limit=1)

    # -- writing ------------------------------------------------------------------------------

    @api.model
    def _store_ratings(self, company, client_ids, marks):
        """Write ratings and scores that changed.

        :param Marks marks: against which revenues are held
        :return: how many clients changed
        """
        if not client_ids:
            return 0
        scores = self.env["crm.client.score.rule"]._scores_sql(company, client_ids)
        by_revenue = SQL(
            """
            CASE WHEN client.revenue <= 0 THEN NULL
                 WHEN client.revenue >= %s THEN 'a'
                 WHEN client.revenue >= %s THEN 'b'
                 ELSE 'c'
            END
            """,
            marks.from_a,
            marks.from_b,
        )
        by_score = SQL(
            """
            CASE WHEN COALESCE(scored.score, 0) <= 0 THEN NULL
                 WHEN scored.score >= %s THEN 'a'
                 WHEN scored.score >= %s THEN 'b'
                 ELSE 'c'
            END
            """,
            company.client_score_a,
            company.client_score_b,
        )
        rating = {
            "revenue": by_revenue,
            "score": by_score,
            "better": SQL("LEAST(%s, %s)", by_revenue, by_score),
        }[company.client_rating_by]
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_client
                   SET rating = rated.rating, score = rated.score,
                       write_uid = %(uid)s, write_date = %(now)s
                  FROM (
                       SELECT client.id, COALESCE(scored.score, 0) AS score, %(rating)s AS rating
                         FROM crm_client client
                    LEFT JOIN (%(scores)s) scored ON scored.id = client.id
                        WHERE client.id = ANY(%(clients)s)
                       ) rated
                 WHERE rated.id = crm_client.id
                   AND (crm_client.rating, COALESCE(crm_client.score, 0))
                       IS DISTINCT FROM (rated.rating, rated.score)
                """,
                rating=rating,
                scores=scores,
                clients=list(client_ids),
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        written = self.env.cr.rowcount
        self.invalidate_model(flush=False)
        return written
