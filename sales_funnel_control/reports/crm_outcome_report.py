from odoo import fields, models
from odoo.tools import SQL, Query

OUTCOMES = [
    ("won", "Won"),
    ("refused", "Refused"),
    ("withdrawn", "Withdrawn"),
    ("spam", "Spam or Duplicate"),
]
# The two win rates, of the outcomes each counts.
_RATES = {
    "win_rate:avg": ("won", "refused"),
    "broad_win_rate:avg": ("won", "refused", "withdrawn"),
}


class CrmOutcomeReport(models.Model):
    """Win rates: one row for each opportunity that is closed, by how it ended.

    An opportunity ends with its latest stay: won where that stands in a won stage, else refused or
    withdrawn. It counts once, for the manager, the team and the stage of that stay; a win for who
    won it, also when the client was handed over afterwards.
    """

    _name = "crm.outcome.report"
    _inherit = "crm.lead.report.mixin"
    _description = "Outcome of Opportunities"
    _auto = False
    _rec_name = "lead_id"
    _order = "closed_at desc, id desc"

    outcome = fields.Selection(OUTCOMES, readonly=True)
    closed_at = fields.Datetime("Closed On", readonly=True)
    lost_reason_id = fields.Many2one("crm.lost.reason", "Reason", readonly=True)
    won = fields.Integer(readonly=True)
    refused = fields.Integer(readonly=True)
    withdrawn = fields.Integer(readonly=True, help="Archived without a refusal.")
    spam = fields.Integer(
        "Spam or Duplicate", readonly=True, help="Counted, but in neither win rate."
    )
    win_rate = fields.Float(
        "Win Rate, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Won, of those won or refused.",
    )
    broad_win_rate = fields.Float(
        "Win Rate with Withdrawn, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Won, of those won, refused or withdrawn.",
    )

    _depends = {
        "crm.lead.stage.history": ["lead_id", "stage_id", "exit", "left_at", "lost_reason_id"],
        "crm.stage": ["is_won"],
        "crm.lost.reason": ["is_spam_or_duplicate"],
    }

    @property
    def _table_query(self):
        # Each kind of ending is read by its own moment, so that a period finds it in the ledger.
        return SQL("%s UNION ALL %s", self._won(), self._not_won())

    def _won(self):
        return SQL(
            """
            SELECT %(columns)s, stay.entered_at AS closed_at, 'won' AS outcome,
                   1 AS won, 0 AS refused, 0 AS withdrawn, 0 AS spam,
                   100.0 AS win_rate, 100.0 AS broad_win_rate
              FROM crm_lead_stage_history stay
             WHERE %(is_win)s
            """,
            columns=self._columns(),
            is_win=self.env["crm.lead.stage.history"]._is_win_sql(SQL("stay")),
        )

    def _not_won(self):
        ledger = self.env["crm.lead.stage.history"]
        return SQL(
            """
            SELECT %(columns)s, stay.left_at AS closed_at, ending.outcome,
                   0 AS won,
                   (ending.outcome = 'refused')::int AS refused,
                   (ending.outcome = 'withdrawn')::int AS withdrawn,
                   (ending.outcome = 'spam')::int AS spam,
                   CASE ending.outcome WHEN 'refused' THEN 0.0 END AS win_rate,
                   CASE WHEN ending.outcome <> 'spam' THEN 0.0 END AS broad_win_rate
              FROM crm_lead_stage_history stay
         LEFT JOIN crm_lost_reason reason ON reason.id = stay.lost_reason_id
        CROSS JOIN LATERAL (
                    SELECT CASE WHEN stay.exit = 'refused' AND reason.is_spam_or_duplicate
                                THEN 'spam'
                                ELSE stay.exit
                           END AS outcome
                   ) ending
             WHERE stay.exit IN ('refused', 'withdrawn')
               AND (stay.stage_id = ANY(%(won)s)) IS NOT TRUE
               AND NOT EXISTS (
                   SELECT FROM crm_lead_stage_history later
                    WHERE later.lead_id = stay.lead_id
                      AND later.entered_at >= stay.entered_at
                      AND %(later_place)s > %(place)s
               )
            """,
            columns=self._columns(),
            later_place=ledger._place_sql(SQL("later")),
            place=ledger._place_sql(SQL("stay")),
            won=list(self.env["crm.stage"]._won_stage_ids()),
        )

    def _columns(self):
        return SQL(
            """
            stay.id, stay.lead_id, stay.user_id, stay.team_id, stay.sales_role, stay.grade,
            stay.stage_id, stay.company_id, stay.lead_class, stay.source_id, stay.campaign_id,
            stay.country_id, stay.lost_reason_id
            """
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATES:
            return super()._read_group_select(aggregate_spec, query)
        won, *others = (
            SQL("SUM(%s)", self._field_to_sql(self._table, name, query))
            for name in _RATES[aggregate_spec]
        )
        return SQL("100.0 * %s / NULLIF(%s, 0)", won, SQL(" + ").join([won, *others]))
