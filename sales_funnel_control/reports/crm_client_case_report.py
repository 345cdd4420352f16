from odoo import fields, models
from odoo.tools import SQL, Query

from ..models.crm_client_case import CASE_SEVERITIES, CASE_SOURCES, CASE_STATES

# Per cent of the second sum that the first is.
_RATES = {
    "in_time_rate:avg": ("in_time", "judged"),
    "satisfied_rate:avg": ("satisfied", "answered"),
}


class CrmClientCaseReport(models.Model):
    """Complaints: opened, closed in time, still open, and whether the client is satisfied now.

    Judged are those that are closed, and those whose term has passed.
    """

    _name = "crm.client.case.report"
    _inherit = "crm.client.report.mixin"
    _description = "Complaints in Time"
    _auto = False
    _rec_name = "case_id"
    _order = "opened_on desc, id desc"

    case_id = fields.Many2one("crm.client.case", "Complaint", readonly=True)
    responsible_id = fields.Many2one("res.users", readonly=True)
    cause_id = fields.Many2one("crm.client.case.cause", readonly=True)
    source = fields.Selection(CASE_SOURCES, "Told By", readonly=True)
    severity = fields.Selection(CASE_SEVERITIES, readonly=True)
    state = fields.Selection(CASE_STATES, "Status", readonly=True)
    opened_on = fields.Date(readonly=True)
    date_due = fields.Date("Term", readonly=True)
    closed_on = fields.Date(readonly=True)
    opened = fields.Integer(readonly=True)
    closed = fields.Integer(readonly=True)
    in_time = fields.Integer("Closed in Time", readonly=True)
    pending = fields.Integer("Still Open", readonly=True)
    overdue = fields.Integer(readonly=True, help="Still open, and the term has passed.")
    judged = fields.Integer(readonly=True, help="Closed, or overdue.")
    solved = fields.Integer(readonly=True)
    days = fields.Float(
        "Days to Close", readonly=True, aggregator="avg", help="From the complaint to its end."
    )
    answered = fields.Integer(
        "Answered Again", readonly=True, help="Asked again afterwards, and answered."
    )
    satisfied = fields.Integer("Satisfied Afterwards", readonly=True)
    in_time_rate = fields.Float(
        "In Time, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Closed in time ÷ (closed or overdue), times 100; in every total the sums are "
        "divided.",
    )
    satisfied_rate = fields.Float(
        "Satisfied Afterwards, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Satisfied ÷ answered again, times 100; in every total the sums are divided.",
    )

    _depends = {
        "crm.client": ["category", "rating"],
        "crm.client.case": [
            "after_verdict",
            "cause_id",
            "client_id",
            "closed_on",
            "company_id",
            "date_due",
            "manager_id",
            "opened_on",
            "partner_id",
            "sales_role",
            "severity",
            "source",
            "state",
            "team_id",
            "user_id",
        ],
        "res.company": ["funnel_tz"],
        "res.partner": ["country_id", "industry_id", "state_id"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT complaint.id, complaint.id AS case_id, complaint.company_id,
                   complaint.partner_id, complaint.manager_id AS user_id,
                   complaint.user_id AS responsible_id, complaint.team_id, complaint.sales_role,
                   complaint.cause_id, complaint.source, complaint.severity, complaint.state,
                   complaint.opened_on, complaint.date_due, complaint.closed_on,
                   partner.country_id, partner.state_id, partner.industry_id,
                   client.category, client.rating,
                   1 AS opened,
                   fact.closed, fact.in_time, 1 - fact.closed AS pending, fact.overdue,
                   fact.closed + fact.overdue AS judged,
                   (complaint.state = 'solved')::int AS solved,
                   complaint.closed_on - complaint.opened_on AS days,
                   fact.answered, fact.satisfied,
                   CASE WHEN fact.closed + fact.overdue = 1 THEN 100.0 * fact.in_time END
                   AS in_time_rate,
                   CASE WHEN fact.answered = 1 THEN 100.0 * fact.satisfied END AS satisfied_rate
              FROM crm_client_case complaint
              JOIN res_company company ON company.id = complaint.company_id
              JOIN res_partner partner ON partner.id = complaint.partner_id
         LEFT JOIN crm_client client ON client.id = complaint.client_id
CROSS JOIN LATERAL (
                SELECT (complaint.closed_on IS NOT NULL)::int AS closed,
                       COALESCE(complaint.closed_on <= complaint.date_due, FALSE)::int AS in_time,
                       (complaint.closed_on IS NULL AND complaint.date_due < %s)::int AS overdue,
                       (complaint.after_verdict IS NOT NULL)::int AS answered,
                       COALESCE(complaint.after_verdict = 'happy', FALSE)::int AS satisfied
                   ) fact
            """,
            self.env["crm.lead.stage.history"]._local_date_sql(
                SQL("%s::timestamp", fields.Datetime.now()), SQL("company.funnel_tz")
            ),
        )

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec not in _RATES:
            return super()._read_group_select(aggregate_spec, query)
        part, whole = _RATES[aggregate_spec]
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, part, query),
            self._field_to_sql(self._table, whole, query),
        )

    def action_open_cases(self):
        """Open the complaints behind the rows."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Complaints"),
            "res_model": "crm.client.case",
            "view_mode": "list,form",
            "domain": [("id", "in", self.case_id.ids)],
        }
