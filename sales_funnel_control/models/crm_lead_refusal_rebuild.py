from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

_BATCH = 10_000
# The clock of a transaction that lasts is behind the wall's.
_SAME_MOMENT = timedelta(minutes=5)


class CrmLeadRefusal(models.Model):
    """Ties the register to stays that were written anew, and completes it."""

    _inherit = "crm.lead.refusal"

    @api.model
    def _rebuilt(self, lead_ids, from_chatter=False):
        """Find the refusals of stays that were written anew, and register the others.

        :param bool from_chatter: the others happened before the ledger began
        """
        self.flush_model()
        self._link(lead_ids)
        self._follow_moments(lead_ids)
        self._register_missing(lead_ids, from_chatter)

    def _link(self, lead_ids):
        """A refusal belongs to the stay that ended at the same moment, or nearly so.

        Of several at one moment, the first belongs to the first.
        """
        self.env.cr.execute(
            SQL(
                """
                WITH stay AS (
                    SELECT id, lead_id, left_at AS at,
                           ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY left_at, id) AS place
                      FROM crm_lead_stage_history
                     WHERE lead_id = ANY(%(leads)s)
                       AND exit = 'refused'
                       AND NOT EXISTS (
                            SELECT FROM crm_lead_refusal known
                             WHERE known.stay_id = crm_lead_stage_history.id
                       )
                ),
                orphan AS (
                    SELECT id, lead_id, refused_at AS at,
                           ROW_NUMBER() OVER (PARTITION BY lead_id ORDER BY refused_at, id) AS place
                      FROM crm_lead_refusal
                     WHERE lead_id = ANY(%(leads)s)
                       AND stay_id IS NULL
                ),
                pair AS (
                    SELECT orphan.id, stay.id AS stay_id,
                           ROW_NUMBER() OVER (
                               PARTITION BY orphan.id ORDER BY apart.seconds, apart.places
                           ) AS choice,
                           ROW_NUMBER() OVER (
                               PARTITION BY stay.id ORDER BY apart.seconds, apart.places
                           ) AS choice_of_stay
                      FROM orphan
                      JOIN stay ON stay.lead_id = orphan.lead_id
                CROSS JOIN LATERAL (
                            SELECT ABS(EXTRACT(EPOCH FROM stay.at - orphan.at)) AS seconds,
                                   ABS(stay.place - orphan.place) AS places
                           ) apart
                     WHERE apart.seconds <= %(limit)s
                )
                UPDATE crm_lead_refusal AS refusal
                   SET stay_id = pair.stay_id
                  FROM pair
                 WHERE refusal.id = pair.id
                   AND pair.choice = 1
                   AND pair.choice_of_stay = 1
                """,
                leads=list(lead_ids),
                limit=_SAME_MOMENT.total_seconds(),
            )
        )

    def _follow_moments(self, lead_ids):
        """Let refusals follow stays that turned out to have ended at another time."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_refusal AS refusal
                   SET refused_at = stay.left_at,
                       days = stay.days,
                       week_start = %(week)s,
                       return_on = refusal.return_on
                           + (stay.left_at::date - refusal.refused_at::date)
                  FROM crm_lead_stage_history stay
                  JOIN res_company company ON company.id = stay.company_id
                 WHERE stay.lead_id = ANY(%(leads)s)
                   AND refusal.stay_id = stay.id
                   AND (refusal.refused_at, refusal.days)
                       IS DISTINCT FROM (stay.left_at, stay.days)
                """,
                week=self.env["crm.lead.stage.history"]._week_sql(
                    SQL("stay.left_at"), SQL("company.funnel_tz")
                ),
                leads=list(lead_ids),
            )
        )

    def _refresh_weeks(self, companies):
        """Move the refusals of companies whose time zone changed into the right weeks."""
        self.flush_model()
        week = self.env["crm.lead.stage.history"]._week_sql(
            SQL("refusal.refused_at"), SQL("company.funnel_tz")
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_lead_refusal AS refusal
                   SET week_start = %(week)s
                  FROM res_company company
                 WHERE company.id = refusal.company_id
                   AND company.id = ANY(%(companies)s)
                   AND refusal.week_start IS DISTINCT FROM %(week)s
                """,
                week=week,
                companies=companies.ids,
            )
        )
        self._forget_rows()

    @api.model
    def _cron_register(self):
        """Nightly: write the refusals that the ledger knows and the register does not."""
        cron = self.env["ir.cron"]
        self.env["crm.lead.stage.history"]._flush_for_sql()
        while missing := self._missing_lead_ids():
            self._rebuilt(missing, from_chatter=True)
            if not cron._commit_progress(len(missing), remaining=len(missing) == _BATCH):
                break

    def _missing_lead_ids(self):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT stay.lead_id
                  FROM crm_lead_stage_history stay
                  JOIN res_company company ON company.id = stay.company_id
                 WHERE stay.exit = 'refused'
                   AND NOT EXISTS (
                        SELECT FROM crm_lead_refusal known WHERE known.stay_id = stay.id
                   )
                 LIMIT %s
                """,
                _BATCH,
            )
        )
        return [lead_id for (lead_id,) in rows]
