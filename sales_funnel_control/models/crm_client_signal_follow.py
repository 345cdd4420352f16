from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from . import crm_client_nightly
from .crm_client_signal import OPEN_STATES

# Orders are entered late: purchases of a signal are looked at for so long after its end.
_LATE_DAYS = 31


class CrmClient(models.Model):
    _inherit = "crm.client"

    @api.model
    def _refresh(self, partners, company):
        """A client that bought is not overdue any more."""
        result = super()._refresh(partners, company)
        signals = self.env["crm.client.signal"].sudo()
        signals = signals.search(
            [
                ("partner_id", "in", partners.commercial_partner_id.ids),
                ("company_id", "=", company.id),
            ]
        )
        signals._follow(company)
        return result


class CrmClientSignal(models.Model):
    """What came of signals: work, purchases, revenue."""

    _inherit = "crm.client.signal"

    @api.model
    def _follow_next(self, company, after_id):
        """Follow the next signals that are open, or whose purchases still count.

        :return: the id to go on after, None at the end; how many changed
        """
        since = company._funnel_today() - timedelta(days=_LATE_DAYS)
        signals = self.search(
            [
                ("company_id", "=", company.id),
                ("id", ">", after_id),
                "|",
                ("until_on", ">=", since),
                "|",
                ("state", "in", OPEN_STATES),
                ("result", "=", "waiting"),
            ],
            order="id",
            limit=crm_client_nightly._BATCH,
        )
        changed = signals._follow(company)
        return (signals.ids[-1] if len(signals) == crm_client_nightly._BATCH else None), changed

    def _follow(self, company):
        """Note work and purchases after the signals, and close those that are over.

        :return: how many changed
        """
        if not self:
            return 0
        self.env["crm.client"]._flush_for_purchases()
        self.env["crm.contact.log"].flush_model()
        self.env["crm.lead"].flush_model(["active", "won_status", "date_closed"])
        self.flush_model()
        today = company._funnel_today()
        changed = set(self._note_purchases(company, today))
        changed |= set(self._note_work(company))
        over = self.browse(
            signal_id for (signal_id,) in self.env.execute_query(self._over_sql(company))
        )
        if over:
            over._close_over(today)
        return len(changed | set(over.ids))

    def _note_purchases(self, company, today):
        """Write what clients bought after the signals; ids of those that changed."""
        rows = self.env.execute_query(
            SQL(
                """
                WITH bought AS MATERIALIZED (
                    SELECT partner_id, day, amount FROM (%(purchases)s) sold WHERE day <= %(today)s
                ), found AS (
                       SELECT signal.id, MIN(bought.day) AS bought_on,
                              ROUND(COALESCE(SUM(bought.amount), 0)::numeric, 2) AS revenue_after,
                              CASE WHEN MIN(bought.day) IS NOT NULL THEN 'bought'
                                   WHEN signal.until_on < %(today)s THEN 'not_bought'
                                   ELSE 'waiting'
                              END AS result
                         FROM crm_client_signal signal
                    LEFT JOIN bought
                           ON bought.partner_id = signal.partner_id
                          AND bought.day BETWEEN signal.raised_on AND signal.until_on
                          AND bought.day > signal.last_on
                        WHERE signal.id = ANY(%(signals)s)
                     GROUP BY signal.id
                )
                UPDATE crm_client_signal signal
                   SET bought_on = found.bought_on,
                       revenue_after = found.revenue_after,
                       result = found.result,
                       write_date = %(now)s
                  FROM found
                 WHERE found.id = signal.id
                   AND (signal.bought_on, signal.revenue_after, signal.result)
                       IS DISTINCT FROM (found.bought_on, found.revenue_after, found.result)
             RETURNING signal.id
                """,
                purchases=self.env["crm.client"]._purchases_sql(
                    company, SQL("buyer.commercial_partner_id = ANY(%s)", self.partner_id.ids)
                ),
                today=today,
                signals=self.ids,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)
        return [signal_id for (signal_id,) in rows]

    def _note_work(self, company):
        """Write when the clients were worked first after the signals; ids of those worked now.

        Work is a contact that was logged with the client, or a move of the signal's deal.
        """
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE crm_client_signal signal
                   SET worked_on = work.day,
                       state = CASE signal.state WHEN 'new' THEN 'in_work' ELSE signal.state END,
                       write_date = %(now)s
                  FROM (
                        SELECT raised.id, MIN(trace.day) AS day
                          FROM crm_client_signal raised
                  CROSS JOIN LATERAL (
                                SELECT log.day
                                  FROM crm_contact_log log
                                 WHERE log.organisation_id = raised.partner_id
                                   AND log.state = 'done'
                                   AND log.company_id = raised.company_id
                             UNION ALL
                                SELECT (stay.left_at AT TIME ZONE 'UTC'
                                        AT TIME ZONE %(zone)s)::date
                                  FROM crm_lead_stage_history stay
                                 WHERE stay.lead_id = raised.lead_id
                                   AND stay.left_at IS NOT NULL
                               ) trace
                         WHERE raised.id = ANY(%(signals)s)
                           AND raised.worked_on IS NULL
                           AND raised.state <> 'dismissed'
                           AND trace.day >= raised.raised_on
                      GROUP BY raised.id
                       ) work
                 WHERE work.id = signal.id
             RETURNING signal.id
                """,
                zone=company.funnel_tz,
                signals=self.ids,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model(flush=False)
        return [signal_id for (signal_id,) in rows]

    def _over_sql(self, company):
        """Open signals that are over: the client bought, or the deal is closed."""
        return SQL(
            """
               SELECT signal.id
                 FROM crm_client_signal signal
            LEFT JOIN crm_lead deal ON deal.id = signal.lead_id
                WHERE signal.id = ANY(%s)
                  AND signal.company_id = %s
                  AND signal.state = ANY(%s)
                  AND (
                      signal.kind = 'overdue' AND signal.bought_on IS NOT NULL
                      OR deal.won_status <> 'pending'
                      OR NOT deal.active
                  )
             ORDER BY signal.id
            """,
            self.ids,
            company.id,
            list(OPEN_STATES),
        )

    def _close_over(self, today):
        """Close signals of clients that bought, or whose deal was closed."""
        for signal in self:
            is_bought = signal.kind == "overdue" and signal.bought_on
            values = {"state": "done", "closed_on": signal.bought_on if is_bought else today}
            if not is_bought and not signal.worked_on:
                values["worked_on"] = today
            signal.write(values)
        self._close_activities(self.env._("The client bought again, or the deal is closed."))

    def _activity_done(self):
        """The next step was done: a deal goes on, a mere activity was all there was to do."""
        for signal in self:
            today = signal.company_id._funnel_today()
            values = {"worked_on": signal.worked_on or today, "state": "in_work"}
            if not signal.lead_id:
                values.update(state="done", closed_on=today)
            signal.write(values)
