from odoo import fields, models
from odoo.tools import SQL, Query

from ..models.crm_lead_request import REACTION_STATES

_RATE = "in_time_rate:avg"
_MEDIAN = "minutes_median:avg"


class CrmReactionReport(models.Model):
    """Reaction to requests: one row per request, refusals as spam or duplicate left out.

    Requests that are answered, or overdue, are judged; those that still have time are not. A
    request counts for who owned it when the client first heard from us.
    """

    _name = "crm.reaction.report"
    _description = "Reaction to Requests"
    _auto = False
    _rec_name = "lead_id"
    _order = "requested_at desc, id desc"

    lead_id = fields.Many2one("crm.lead", "Request", readonly=True)
    channel_id = fields.Many2one("crm.request.channel", readonly=True)
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        readonly=True,
        help="The owner when the client first heard from us; without an owner, who is responsible "
        "for the channel.",
    )
    first_reaction_by_id = fields.Many2one("res.users", "Reacted by", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    source_id = fields.Many2one("utm.source", readonly=True)
    medium_id = fields.Many2one("utm.medium", readonly=True)
    requested_at = fields.Datetime("Requested", readonly=True)
    week_start = fields.Date(
        "Week (Monday)", readonly=True, help="Monday, in the company's time zone."
    )
    reaction_state = fields.Selection(REACTION_STATES, "Reaction", readonly=True)
    is_escalated = fields.Boolean("Escalated", readonly=True)

    requests = fields.Integer(readonly=True)
    judged = fields.Integer(
        "Answered or Overdue", readonly=True, help="Requests that still have time are not in it."
    )
    in_time = fields.Integer(readonly=True)
    escalated = fields.Integer("Escalations", readonly=True)
    in_time_rate = fields.Float(
        "In Time, %",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Answered in time, of those answered or overdue.",
    )
    minutes = fields.Float(
        "Average Reaction, Minutes",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Working time until the client heard from us, of the requests that were answered.",
    )
    minutes_median = fields.Float(
        "Median Reaction, Minutes",
        readonly=True,
        aggregator="avg",
        exportable=False,
        help="Half of the clients heard from us sooner, half later.",
    )

    _depends = {
        "crm.lead": [
            "active",
            "answerable_id",
            "channel_id",
            "escalated_at",
            "first_reaction_at",
            "lost_reason_id",
            "reaction_due_at",
            "reaction_minutes",
            "requested_at",
            "team_id",
        ],
        "crm.lost.reason": ["is_spam_or_duplicate"],
        "crm.request.channel": ["company_id"],
        "res.company": ["funnel_tz"],
    }

    @property
    def _table_query(self):
        return SQL("SELECT %s FROM %s WHERE %s", self._select(), self._from(), self._where())

    def _select(self):
        return SQL(
            """
            lead.id, lead.id AS lead_id, lead.channel_id, lead.answerable_id AS user_id,
            lead.first_reaction_by_id, lead.team_id, channel.company_id,
            lead.source_id, lead.medium_id, lead.requested_at,
            date_trunc(
                'week', lead.requested_at AT TIME ZONE 'UTC' AT TIME ZONE company.funnel_tz
            )::date AS week_start,
            reaction.state AS reaction_state,
            lead.escalated_at IS NOT NULL AS is_escalated,
            1 AS requests,
            (reaction.state <> 'waiting')::int AS judged,
            (reaction.state = 'in_time')::int AS in_time,
            (lead.escalated_at IS NOT NULL)::int AS escalated,
            CASE WHEN reaction.state <> 'waiting'
                 THEN 100.0 * (reaction.state = 'in_time')::int
            END AS in_time_rate,
            CASE WHEN lead.first_reaction_at IS NOT NULL THEN lead.reaction_minutes END AS minutes,
            CASE WHEN lead.first_reaction_at IS NOT NULL THEN lead.reaction_minutes END
            AS minutes_median
            """
        )

    def _from(self):
        return SQL(
            """
            crm_lead lead
            JOIN crm_request_channel channel ON channel.id = lead.channel_id
            JOIN res_company company ON company.id = channel.company_id
            LEFT JOIN crm_lost_reason reason
                   ON reason.id = lead.lost_reason_id AND lead.active IS NOT TRUE
            CROSS JOIN LATERAL (
                SELECT CASE
                       WHEN lead.first_reaction_at <= lead.reaction_due_at THEN 'in_time'
                       WHEN lead.first_reaction_at IS NOT NULL THEN 'late'
                       WHEN lead.reaction_due_at < %s THEN 'overdue'
                       ELSE 'waiting'
                       END AS state
            ) reaction
            """,
            fields.Datetime.now(),
        )

    def _where(self):
        return SQL("reason.is_spam_or_duplicate IS NOT TRUE")

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums; the median is of the requests, not of the groups."""
        if aggregate_spec == _RATE:
            return SQL(
                "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
                self._field_to_sql(self._table, "in_time", query),
                self._field_to_sql(self._table, "judged", query),
            )
        if aggregate_spec == _MEDIAN:
            return SQL(
                "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %s)",
                self._field_to_sql(self._table, "minutes_median", query),
            )
        return super()._read_group_select(aggregate_spec, query)

    def action_open_leads(self):
        """Open the requests behind the rows."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Requests"),
            "res_model": "crm.lead",
            "view_mode": "list,kanban,form",
            "domain": [("id", "in", self.lead_id.ids)],
            "context": {"active_test": False},
        }
