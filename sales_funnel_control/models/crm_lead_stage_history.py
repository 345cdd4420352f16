from odoo import api, fields, models
from odoo.exceptions import AccessError

from .crm_team_member import GRADES, SALES_ROLES

LEAD_CLASSES = [("a", "A"), ("b", "B"), ("c", "C")]

ORIGINS = [
    ("created", "Created"),
    ("advanced", "Advanced"),
    ("skipped", "Skipped"),
    ("moved_back", "Moved Back"),
    ("reopened", "Reopened"),
    ("handed_over", "Handed Over"),
    ("transferred", "Transferred"),
    ("reconstructed", "Reconstructed"),
]

EXITS = [
    ("still_there", "Still There"),
    ("advanced", "Advanced"),
    ("refused", "Refused"),
    ("moved_back", "Moved Back"),
    ("handed_over", "Handed Over"),
    ("withdrawn", "Withdrawn"),
    ("transferred", "Transferred"),
]

# Stands in the context while a file is imported. No other program can send it.
IMPORTING = object()


class CrmLeadStageHistory(models.Model):
    """The ledger: one row per stay of an opportunity in a stage under one manager.

    Facts only. The dimensions are snapshots of the moment the stay began; ``days``,
    ``week_start``, ``is_cohort``, ``reached_next`` and ``target_rate`` are derived from the stays.
    Rows are written by the system in SQL (see the files beside this one), never by users.
    Stays entered at one moment are in the order in which they were left.
    """

    _name = "crm.lead.stage.history"
    _description = "Lead Stage Stay"
    _order = "lead_id, entered_at, left_at, id"
    _rec_name = "stage_id"
    _log_access = False

    lead_id = fields.Many2one("crm.lead", "Opportunity", required=True, ondelete="cascade")
    stage_id = fields.Many2one("crm.stage", ondelete="set null")
    next_stage_id = fields.Many2one(
        "crm.stage",
        ondelete="set null",
        help="The funnel's next stage at the time of the stay: the transition is named by it.",
    )
    team_id = fields.Many2one("crm.team", "Sales Team", ondelete="set null")
    user_id = fields.Many2one("res.users", "Manager", ondelete="set null")
    sales_role = fields.Selection(SALES_ROLES, "Role")
    grade = fields.Selection(GRADES)
    company_id = fields.Many2one("res.company", ondelete="cascade")
    currency_id = fields.Many2one("res.currency", ondelete="set null")
    amount = fields.Monetary(
        "Expected Revenue",
        aggregator=None,
        help="In the company's currency, as expected when the stay began.",
    )
    lead_class = fields.Selection(LEAD_CLASSES)
    source_id = fields.Many2one("utm.source", ondelete="set null")
    campaign_id = fields.Many2one("utm.campaign", ondelete="set null")
    country_id = fields.Many2one("res.country", ondelete="set null")
    state_id = fields.Many2one("res.country.state", ondelete="set null")

    entered_at = fields.Datetime("Entered", required=True)
    left_at = fields.Datetime("Left")
    week_start = fields.Date(
        "Week",
        required=True,
        help="Monday of the week the stay began in, in the company's time zone.",
    )
    days = fields.Float(
        aggregator="avg",
        help="Days between entering and leaving; empty while the client is still there.",
    )
    origin = fields.Selection(ORIGINS, required=True)
    exit = fields.Selection(EXITS, required=True, default="still_there")
    lost_reason_id = fields.Many2one("crm.lost.reason", ondelete="restrict")
    is_cohort = fields.Boolean(
        "Counts as Entry",
        help="The first entry of the opportunity into this stage: the one the conversion counts.",
    )
    reached_next = fields.Boolean(
        help="The opportunity came to a later stage of the funnel afterwards, or was won.",
    )
    target_rate = fields.Float(
        "Target, %",
        aggregator=None,
        help="The target of the transition that was in force when the stay began.",
    )
    is_skipped = fields.Boolean("Skipped", help="The stage was jumped over.")
    is_reconstructed = fields.Boolean(
        "Reconstructed",
        help="Rebuilt from the chatter's tracking, or from what the lead itself still tells.",
    )

    _lead_idx = models.Index("(lead_id, entered_at)")
    _open_uniq = models.UniqueIndex(
        "(lead_id) WHERE left_at IS NULL", "An opportunity has one open stay at the most."
    )
    _cohort_idx = models.Index(
        "(entered_at) INCLUDE (week_start, team_id, user_id, sales_role, stage_id, next_stage_id,"
        " reached_next, target_rate, exit, lost_reason_id, company_id)"
        " WHERE is_cohort IS TRUE AND next_stage_id IS NOT NULL"
    )
    _flow_idx = models.Index(
        "(left_at) INCLUDE (team_id, user_id, sales_role, next_stage_id, exit, lost_reason_id,"
        " company_id) WHERE left_at IS NOT NULL AND next_stage_id IS NOT NULL"
    )
    _user_idx = models.Index("(user_id, entered_at) WHERE is_cohort IS TRUE")
    _standing_idx = models.Index(
        "(stage_id, team_id) INCLUDE (user_id, sales_role, lead_id, entered_at, company_id)"
        " WHERE left_at IS NULL"
    )
    _not_negative = models.Constraint(
        "CHECK (left_at >= entered_at)", "A stay cannot end before it began."
    )
    _open_has_no_end = models.Constraint(
        "CHECK ((left_at IS NULL) = (exit = 'still_there'))",
        "A stay is open exactly as long as the client is still there.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("importing_stays") is not IMPORTING:
            raise AccessError(
                self.env._(
                    "Stays are written by the system as opportunities move. "
                    "An administrator may import those of another CRM from a file."
                )
            )
        self._catch_up()
        return super().create(vals_list)

    @api.model
    def _search(self, domain, *args, **kwargs):
        self.sudo()._catch_up()
        return super()._search(domain, *args, **kwargs)

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """Name the opportunity in an export also to a reader who may not open it any more."""
        if _is_toplevel_call and all(path[1:] in ([], [".id"]) for path in fields):
            self.check_access("read")
            return super(CrmLeadStageHistory, self.sudo())._export_rows(fields)
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)
