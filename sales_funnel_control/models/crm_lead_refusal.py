from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, Query

from .crm_lead_stage_history import LEAD_CLASSES
from .crm_team_member import GRADES, SALES_ROLES

REAL_CAUSES = [
    ("cheaper", "Cheaper"),
    ("quality", "Better Quality"),
    ("assortment", "Wider Assortment"),
    ("delivery", "Faster Delivery"),
    ("other", "Something Else"),
]

RULINGS = [
    ("market", "Market Cause"),
    ("work_gap", "Gap in the Work"),
    ("excuse", "Excuse"),
]

RETURN_RESULTS = [
    ("none", "No Return Planned"),
    ("waiting", "Still to Come"),
    ("on_time", "Returned on Time"),
    ("late", "Returned Late"),
    ("forgotten", "Forgotten"),
]

# What the manager writes down of a refusal; all else is the system's or the reviewer's.
DETAILS = {
    "lost_reason_id",
    "words",
    "real_cause",
    "competitor_id",
    "offer",
    "offer_on",
    "return_on",
}
# What a rate of the register counts, and of which refusals.
_RATES = {
    "market_rate:avg": ("%(ruling)s = 'market'", "%(ruling)s IS NOT NULL"),
    "work_gap_rate:avg": ("%(ruling)s = 'work_gap'", "%(ruling)s IS NOT NULL"),
    "excuse_rate:avg": ("%(ruling)s = 'excuse'", "%(ruling)s IS NOT NULL"),
    "on_time_rate:avg": (
        "%(return_result)s = 'on_time'",
        "%(return_result)s IN ('on_time', 'late', 'forgotten')",
    ),
    "win_back_rate:avg": ("%(is_won_back)s", "%(returned_on)s IS NOT NULL"),
}
_RATED = ("ruling", "return_result", "is_won_back", "returned_on")


class CrmLeadRefusal(models.Model):
    """The register of refusals: one row each time a client refused.

    Rows are written by the system, one for every stay that ended in a refusal, with snapshots of
    the moment. They outlive the opportunity's reopening, its merge and its deletion, and the
    manager. What the client said is added by the manager, what it means by the head of sales.
    """

    _name = "crm.lead.refusal"
    _inherit = "crm.ledger.reader"
    _description = "Refusal"
    _order = "refused_at desc, id desc"
    _rec_name = "lead_name"

    stay_id = fields.Many2one("crm.lead.stage.history", ondelete="set null", readonly=True)
    lead_id = fields.Many2one("crm.lead", "Opportunity", ondelete="set null", readonly=True)
    lead_name = fields.Char("Refused Deal", readonly=True)
    partner_id = fields.Many2one("res.partner", "Client", ondelete="set null", readonly=True)
    user_id = fields.Many2one("res.users", "Manager", ondelete="set null", readonly=True)
    manager_name = fields.Char("Manager at the Time", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", ondelete="set null", readonly=True)
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    grade = fields.Selection(GRADES, readonly=True)
    stage_id = fields.Many2one("crm.stage", ondelete="set null", readonly=True)
    company_id = fields.Many2one("res.company", ondelete="cascade", readonly=True)
    currency_id = fields.Many2one("res.currency", ondelete="set null", readonly=True)
    amount = fields.Monetary(
        "Revenue Missed",
        readonly=True,
        help="Expected revenue of the deal when the client refused, in the company's currency.",
    )
    lead_class = fields.Selection(LEAD_CLASSES, readonly=True)
    source_id = fields.Many2one("utm.source", ondelete="set null", readonly=True)
    campaign_id = fields.Many2one("utm.campaign", ondelete="set null", readonly=True)
    country_id = fields.Many2one("res.country", ondelete="set null", readonly=True)
    refused_at = fields.Datetime("Refused", required=True, readonly=True)
    week_start = fields.Date(
        "Week",
        readonly=True,
        help="Monday of the week of the refusal, in the company's time zone.",
    )
    days = fields.Float(
        "Days on the Stage",
        aggregator="avg",
        readonly=True,
        help="How long the client had been on the stage when it refused.",
    )
    is_reconstructed = fields.Boolean(
        "Before the Switch-On",
        readonly=True,
        help="Known from the chatter only: nobody is asked to complete or to review it.",
    )

    lost_reason_id = fields.Many2one("crm.lost.reason", "Reason", ondelete="restrict")
    cause_group = fields.Selection(related="lost_reason_id.cause_group", string="Cause")
    is_spam_or_duplicate = fields.Boolean(
        related="lost_reason_id.is_spam_or_duplicate", readonly=True
    )
    asks_real_cause = fields.Boolean(related="lost_reason_id.asks_real_cause", readonly=True)
    words = fields.Text("Client's Words", help="What the client said, as it was said.")
    real_cause = fields.Selection(
        REAL_CAUSES, help="What would make the client switch to us after all."
    )
    competitor_id = fields.Many2one("crm.competitor", ondelete="set null")
    is_incomplete = fields.Boolean(
        "To Be Completed",
        compute="_compute_is_incomplete",
        search="_search_is_incomplete",
        help="The reason, the client's words or the real cause is still to be written down.",
    )

    state = fields.Selection(
        [("new", "To Review"), ("reviewed", "Reviewed")],
        "Status",
        default="new",
        required=True,
        readonly=True,
    )
    ruling = fields.Selection(
        RULINGS,
        readonly=True,
        help="What the head of sales found: a real cause in the market, a gap in the manager's "
        "work, or an excuse that hides the cause.",
    )
    coaching_note = fields.Text(help="What the manager can do better; goes to the manager.")
    reviewed_by_id = fields.Many2one("res.users", "Reviewed by", readonly=True)
    reviewed_at = fields.Datetime("Reviewed On", readonly=True)

    offer = fields.Char("Open-Door Offer", help="What was promised to the client for later.")
    offer_on = fields.Date("Offer Due")
    offered_on = fields.Date("Offer Kept", readonly=True)
    offer_activity_id = fields.Many2one("mail.activity", ondelete="set null", readonly=True)
    return_on = fields.Date(
        "Return Due",
        help="When the client is contacted again: on this day the manager is reminded, and again "
        "if the reminder is deleted. Empty: no return is planned.",
    )
    returned_on = fields.Date("Returned", readonly=True)
    return_activity_id = fields.Many2one("mail.activity", ondelete="set null", readonly=True)
    return_lead_id = fields.Many2one(
        "crm.lead",
        "Second Try",
        ondelete="set null",
        readonly=True,
        help="The opportunity in which the client is worked again: the same one, or a later one.",
    )
    return_result = fields.Selection(
        RETURN_RESULTS,
        compute="_compute_return_result",
        store=True,
        help="On time: within a week of the day planned. Forgotten: a month has passed.",
    )
    is_won_back = fields.Boolean("Won on the Second Try", readonly=True)
    exchanged_to_id = fields.Many2one(
        "res.users",
        "Handed To",
        ondelete="set null",
        readonly=True,
        help="The manager who was given the client for a second try.",
    )
    exchanged_on = fields.Date("Handed On", readonly=True)

    market_rate = fields.Float(
        "Market Cause, %", compute="_compute_rates", aggregator="avg", exportable=False
    )
    work_gap_rate = fields.Float(
        "Gap in the Work, %", compute="_compute_rates", aggregator="avg", exportable=False
    )
    excuse_rate = fields.Float(
        "Excuse, %", compute="_compute_rates", aggregator="avg", exportable=False
    )
    on_time_rate = fields.Float(
        "Returned on Time, %", compute="_compute_rates", aggregator="avg", exportable=False
    )
    win_back_rate = fields.Float(
        "Won Back, %", compute="_compute_rates", aggregator="avg", exportable=False
    )

    _stay_uniq = models.UniqueIndex(
        "(stay_id) WHERE stay_id IS NOT NULL", "A stay ends in one refusal at the most."
    )
    _lead_idx = models.Index("(lead_id, refused_at)")
    _return_lead_idx = models.Index("(return_lead_id) WHERE return_lead_id IS NOT NULL")
    _partner_idx = models.Index("(partner_id, refused_at)")
    _team_idx = models.Index(
        "(team_id, refused_at) INCLUDE (user_id, sales_role, lost_reason_id, company_id)"
    )
    _review_idx = models.Index(
        "(team_id, user_id) WHERE state = 'new' AND is_reconstructed IS NOT TRUE"
    )
    _return_due_idx = models.Index(
        "(return_on) WHERE returned_on IS NULL AND return_on IS NOT NULL"
    )
    _offer_due_idx = models.Index("(offer_on) WHERE offered_on IS NULL AND offer_on IS NOT NULL")
    _return_activity_idx = models.Index("(return_activity_id) WHERE return_activity_id IS NOT NULL")
    _offer_activity_idx = models.Index("(offer_activity_id) WHERE offer_activity_id IS NOT NULL")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("lost_reason_id.asks_real_cause", "words", "real_cause", "is_reconstructed")
    def _compute_is_incomplete(self):
        unstated = self.env["crm.lost.reason"]._unstated()
        for refusal in self:
            reason = refusal.lost_reason_id
            refusal.is_incomplete = not refusal.is_reconstructed and (
                not reason
                or reason == unstated
                or not reason.is_spam_or_duplicate
                and (not refusal.words or reason.asks_real_cause and not refusal.real_cause)
            )

    @api.model
    def _search_is_incomplete(self, operator, value):
        if operator != "in":
            return NotImplemented
        unstated = self.env["crm.lost.reason"]._unstated()
        silent = Domain("words", "in", (False, "")) | (
            Domain("lost_reason_id.asks_real_cause", "=", True) & Domain("real_cause", "=", False)
        )
        incomplete = Domain("is_reconstructed", "=", False) & (
            Domain("lost_reason_id", "in", [False, *unstated.ids])
            | (Domain("lost_reason_id.is_spam_or_duplicate", "=", False) & silent)
        )
        return incomplete if True in value else ~incomplete

    def _compute_rates(self):
        """There are rates of groups only, see :meth:`_read_group_select`."""
        self.update(dict.fromkeys((name.partition(":")[0] for name in _RATES), 0.0))

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(
                self.env._(
                    "Refusals are written by the system when an opportunity is lost. "
                    "Use “Lost” on the opportunity."
                )
            )
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            self._check_may_write(vals)
        for kind in ("return", "offer"):
            if f"{kind}_on" in vals:
                self._forget_raised(f"{kind}_activity_id")
        former = self._former_returns(vals) if "lost_reason_id" in vals else {}
        result = super().write(vals)
        if former:
            corrected = self.browse(refusal.id for refusal in former)
            corrected.sudo()._correct_reason()
            if "return_on" not in vals:
                corrected.sudo()._plan_anew(former)
            corrected._review_again()
        if not DETAILS.isdisjoint(vals):
            # What was an excuse is looked at again, now that the manager found the cause.
            self.filtered(lambda refusal: refusal.ruling == "excuse")._review_again()
        return result

    def _check_may_write(self, vals):
        """People complete what was said and agreed; the head of sales writes the coaching note."""
        if not DETAILS | {"coaching_note"} >= vals.keys():
            raise AccessError(
                self.env._(
                    "Of a refusal you may complete what the client said and what was agreed. "
                    "The rest is recorded by the system."
                )
            )
        self._check_keeps_story(vals)
        if "coaching_note" in vals:
            self._check_may_rule()

    def _former_returns(self, vals):
        """The day each refusal that gets another reason was to be returned on by the old one."""
        # Else a reason the opportunity was given before would come after this one.
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        return {
            refusal: refusal._usual_return()
            for refusal in self
            if refusal.lost_reason_id.id != vals["lost_reason_id"]
        }

    def _check_keeps_story(self, vals):
        """What is known of a refusal is corrected, not taken away."""
        messages = {
            "lost_reason_id": self.env._("A refusal has a reason: choose another one instead."),
            "words": self.env._("Correct the client's words instead of deleting them."),
        }
        for name, message in messages.items():
            if name in vals and not vals[name] and any(self.mapped(name)):
                raise UserError(message)

    def _review_again(self):
        """Put what the manager changed after the review back on the list of the head of sales."""
        self.filtered(
            lambda refusal: refusal.state == "reviewed" and not refusal.may_rule
        ).sudo().state = "new"

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums: the share of a group, of those it can be said of."""
        if aggregate_spec not in _RATES:
            return super()._read_group_select(aggregate_spec, query)
        columns = {name: self._field_to_sql(self._table, name, query) for name in _RATED}
        counted, among = (SQL(part, **columns) for part in _RATES[aggregate_spec])
        return SQL(
            "100.0 * COUNT(*) FILTER (WHERE %s AND %s) / NULLIF(COUNT(*) FILTER (WHERE %s), 0)",
            counted,
            among,
            among,
        )

    @api.model
    def _is_enforcement_off(self):
        """Whether nothing of the product's is enforced: by parameter, or while addons load."""
        parameter = self.env["ir.config_parameter"].sudo().get_param
        return not self.env.registry.ready or parameter("sales_funnel_control.enforcement") == "off"

    def _check_may_rule(self):
        """Only who leads the team, or manages sales, judges a refusal."""
        if not all(self.mapped("may_rule")):
            raise AccessError(
                self.env._("Only the team's leader and sales administrators rule on a refusal.")
            )
