from odoo import fields, models
from odoo.tools import SQL

from ..models.crm_lead_ladder import LADDER_RUNGS


class CrmLadderReport(models.Model):
    """The ladder now: one row per opportunity on it, see ``crm.lead.ladder_rung``."""

    _name = "crm.ladder.report"
    _inherit = "crm.lead.report.mixin"
    _description = "Ladder"
    _auto = False
    _rec_name = "lead_id"
    _order = "rung desc, entered_at, id"

    rung = fields.Selection(
        LADDER_RUNGS,
        readonly=True,
        help="In work is only who has agreed to a dated next step: № 3 in cold work, № 2 in "
        "negotiations, № 1 in closing.",
    )
    entered_at = fields.Datetime("On the Stage Since", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    clients = fields.Integer(readonly=True, help="Opportunities on the rung.")
    amount = fields.Monetary("Expected Revenue", readonly=True)

    _depends = {
        "calendar.attendee": ["event_id", "partner_id", "state"],
        "calendar.event": ["active", "allday", "name", "opportunity_id", "privacy", "start"],
        "crm.contact.log": ["kind", "lead_id", "next_activity_id", "progress", "progress_date"],
        "crm.lead": ["active", "expected_revenue", "stage_id", "type", "user_id", "won_status"],
        "crm.lead.stage.history": ["lead_id", "left_at", "stage_id", "team_id", "user_id"],
        "crm.stage": ["work_block"],
        "mail.activity": ["active", "date_deadline", "res_id", "res_model"],
    }

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT stay.id, stay.lead_id, stay.user_id, stay.team_id, stay.sales_role, stay.grade,
                   stay.stage_id, stay.company_id, lead.lead_class, lead.source_id,
                   lead.campaign_id, lead.country_id, stay.entered_at, stay.currency_id,
                   ladder.rung,
                   1 AS clients,
                   lead.expected_revenue AS amount
              FROM (%s) ladder
              JOIN crm_lead lead ON lead.id = ladder.id
              JOIN crm_lead_stage_history stay
                ON stay.lead_id = ladder.id AND stay.left_at IS NULL
            """,
            self.env["crm.lead"]._ladder_sql(),
        )
