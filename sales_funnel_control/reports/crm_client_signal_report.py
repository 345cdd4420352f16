from odoo import fields, models
from odoo.tools import SQL, Query

from ..models.crm_client_signal import SIGNAL_KINDS, SIGNAL_RESULTS, SIGNAL_STATES

# What is divided by what.
_RATES = {
    "worked_rate:avg": ("worked_judged", "judged"),
    "in_time_rate:avg": ("in_time", "judged"),
    "bought_rate:avg": ("bought_decided", "decided"),
}


class CrmClientSignalReport(models.Model):
    """Signals: raised, worked, and what the clients bought afterwards. Rates are sums by sums.

    Whether the manager worked is judged where the term has passed, and whether the client bought,
    where the time for it is over: those that worked or bought early must not flatter the rates.
    """

    _name = "crm.client.signal.report"
    _inherit = "crm.client.report.mixin"
    _description = "Report on Signals"
    _auto = False
    _rec_name = "partner_id"
    _order = "raised_on DESC, id DESC"

    signal_id = fields.Many2one("crm.client.signal", "Signal Raised", readonly=True)
    lead_id = fields.Many2one("crm.lead", "Opportunity", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    user_id = fields.Many2one(string="Manager")
    kind = fields.Selection(SIGNAL_KINDS, "Signal", readonly=True)
    state = fields.Selection(SIGNAL_STATES, "Status", readonly=True)
    result = fields.Selection(SIGNAL_RESULTS, readonly=True)
    raised_on = fields.Date(readonly=True)
    raised = fields.Integer("Signals", readonly=True)
    worked = fields.Integer(
        readonly=True, help="A contact was logged, the activity done or the deal moved."
    )
    worked_judged = fields.Integer("Worked, Term Passed", readonly=True)
    in_time = fields.Integer(
        "Worked in Time", readonly=True, help="Within the term of the settings, which has passed."
    )
    judged = fields.Integer(
        "Term Passed",
        readonly=True,
        help="Dismissed ones do not count, nor clients that bought before anybody called.",
    )
    dismissed = fields.Integer(readonly=True)
    bought = fields.Integer("Bought Afterwards", readonly=True)
    bought_decided = fields.Integer("Bought, Time Is Over", readonly=True)
    decided = fields.Integer(
        "Time Is Over",
        readonly=True,
        help="Two usual intervals, 90 days at least, have passed since the signal.",
    )
    revenue_at_risk = fields.Monetary(
        readonly=True,
        help="Revenue of the 12 months before, of clients that were overdue or bought less. "
        "A client with several signals counts with each.",
    )
    revenue_after = fields.Monetary(
        "Revenue Afterwards",
        readonly=True,
        help="Purchases within two usual intervals, 90 days at least, after the signal. It is no "
        "proof that the work on the signal was the cause.",
    )
    worked_rate = fields.Float(
        "Worked, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Worked ÷ signals whose term has passed; in every total the sums are divided.",
    )
    in_time_rate = fields.Float(
        "In Time, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Worked in time ÷ signals whose term has passed; in every total the sums are divided.",
    )
    bought_rate = fields.Float(
        "Bought Afterwards, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Of signals whose time is over: who bought early must not flatter the rate. In every "
        "total the sums are divided.",
    )

    _depends = {
        "crm.client": ["rating"],
        "crm.client.signal": [
            "bought_on",
            "category",
            "client_id",
            "company_id",
            "kind",
            "lead_id",
            "partner_id",
            "raised_on",
            "result",
            "revenue",
            "revenue_after",
            "sales_role",
            "state",
            "team_id",
            "term_on",
            "until_on",
            "user_id",
            "worked_on",
        ],
        "res.company": ["funnel_tz"],
        "res.partner": ["country_id", "industry_id", "state_id"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT signal.id, signal.id AS signal_id, signal.company_id, signal.partner_id,
                   signal.user_id, signal.team_id, signal.sales_role, signal.lead_id,
                   partner.country_id, partner.state_id, partner.industry_id,
                   signal.category, client.rating, company.currency_id,
                   signal.kind, signal.state, signal.result, signal.raised_on,
                   1 AS raised,
                   fact.is_worked::int AS worked,
                   (fact.is_worked AND fact.is_judged)::int AS worked_judged,
                   (fact.is_in_time AND fact.is_judged)::int AS in_time,
                   fact.is_judged::int AS judged,
                   (signal.state = 'dismissed')::int AS dismissed,
                   (signal.result = 'bought')::int AS bought,
                   (signal.result = 'bought' AND fact.is_decided)::int AS bought_decided,
                   fact.is_decided::int AS decided,
                   CASE WHEN signal.kind IN ('overdue', 'falling')
                        THEN signal.revenue ELSE 0
                   END AS revenue_at_risk,
                   signal.revenue_after,
                   CASE WHEN fact.is_judged THEN 100.0 * fact.is_worked::int END AS worked_rate,
                   CASE WHEN fact.is_judged THEN 100.0 * fact.is_in_time::int END AS in_time_rate,
                   CASE WHEN fact.is_decided
                        THEN 100.0 * (signal.result = 'bought')::int
                   END AS bought_rate
              FROM crm_client_signal signal
              JOIN crm_client client ON client.id = signal.client_id
              JOIN res_partner partner ON partner.id = signal.partner_id
              JOIN res_company company ON company.id = signal.company_id
        CROSS JOIN LATERAL (
                    SELECT signal.worked_on IS NOT NULL AND signal.state <> 'dismissed'
                           AS is_worked,
                           COALESCE(signal.worked_on <= signal.term_on, FALSE)
                           AND signal.state <> 'dismissed' AS is_in_time,
                           signal.term_on < %(today)s
                           AND signal.state <> 'dismissed'
                           -- Nobody has to call a client that bought by itself.
                           AND (signal.worked_on IS NOT NULL OR signal.state <> 'done')
                           AS is_judged,
                           signal.until_on < %(today)s AS is_decided
                   ) fact
            """,
            today=self.env["crm.lead.stage.history"]._local_date_sql(
                SQL("%s::timestamp", fields.Datetime.now()), SQL("company.funnel_tz")
            ),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATES:
            return super()._read_group_select(aggregate_spec, query)
        many, all_of_them = (
            self._field_to_sql(self._table, name, query) for name in _RATES[aggregate_spec]
        )
        return SQL("100.0 * SUM(%s) / NULLIF(SUM(%s), 0)", many, all_of_them)

    def action_open_signals(self):
        """Open the signals behind the rows."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Signals"),
            "res_model": "crm.client.signal",
            "view_mode": "list,form",
            "domain": [("id", "in", self.signal_id.ids)],
        }
