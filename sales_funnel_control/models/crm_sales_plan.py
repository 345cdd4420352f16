from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import date_utils

from ..tools import defaults
from .crm_sales_planner import BASES, TARGET_KINDS

STATES = [("draft", "Draft"), ("accepted", "Accepted"), ("withdrawn", "Withdrawn")]
# What a plan is made from. Once it is accepted, nothing of it changes.
_INPUTS = {
    "team_id",
    "user_id",
    "date_from",
    "date_to",
    "target_kind",
    "target_number",
    "target_amount",
    "average_deal",
    "basis",
    "what_if",
    "divides_by_hand",
    "share_ids",
}
# What the system writes: the plan's course, and what the planner makes of it.
_FIGURES = {
    "proposed_amount",
    "deals",
    "assumed_deal",
    "won_number",
    "won_amount",
    "forecast_number",
    "forecast_number_low",
    "forecast_number_high",
    "forecast_amount",
    "forecast_amount_low",
    "forecast_amount_high",
    "missing_number",
    "missing_amount",
    "covered",
    "new_clients",
    "meetings",
    "calls",
    "people_needed",
    "remarks",
}
_BY_SYSTEM = _FIGURES | {"company_id", "state", "accepted_by_id", "accepted_on"}


class CrmSalesPlan(models.Model):
    """A sales target, and what it takes to reach it.

    The figures are those of ``crm.sales.planner`` of the moment; a draft is computed anew whenever
    something is changed. An accepted plan stands still.
    """

    _name = "crm.sales.plan"
    _inherit = "mail.thread"
    _description = "Sales Plan"
    _order = "date_from desc, team_id, id desc"
    _check_company_auto = True

    def _default_team_id(self):
        return self.env["crm.control.board"]._board_team(None)

    def _default_date_from(self):
        return date_utils.start_of(self.env.company._funnel_today(), "month")

    def _default_date_to(self):
        return date_utils.end_of(self.env.company._funnel_today(), "month")

    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        required=True,
        default=lambda self: self._default_team_id(),
        ondelete="cascade",
        index=True,
        domain="[('use_opportunities', '=', True)]",
    )
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        domain="[('id', 'in', member_ids)]",
        ondelete="restrict",
        help="Plan for this manager alone. Empty: for the whole team.",
    )
    member_ids = fields.Many2many(related="team_id.member_ids")
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date_from = fields.Date("From", required=True, default=lambda self: self._default_date_from())
    date_to = fields.Date("To", required=True, default=lambda self: self._default_date_to())
    target_kind = fields.Selection(
        TARGET_KINDS, "Target in", required=True, default="amount", tracking=True
    )
    target_number = fields.Integer(
        "Target, Deals", aggregator="sum", tracking=True, help="Deals to win within the period."
    )
    target_amount = fields.Monetary(
        "Target, Amount",
        compute="_compute_target_amount",
        store=True,
        readonly=False,
        precompute=True,
        tracking=True,
        help="Amount to win within the period. The invoicing target of the team is proposed, for "
        "each month of the period.",
    )
    proposed_amount = fields.Monetary(
        compute="_compute_target_amount", store=True, precompute=True, aggregator=None
    )
    average_deal = fields.Monetary(
        aggregator=None,
        help="Empty: the average of the deals the team won in the last 12 months.",
    )
    basis = fields.Selection(
        BASES,
        "Rests on",
        required=True,
        default="target",
        help="Conversion rates that are assumed: the targets, or what the team really reaches.",
    )
    what_if = fields.Json(help="Rates to assume instead, in per cent, by id of the stage entered.")
    divides_by_hand = fields.Boolean(
        "Divide by Hand",
        help="The shares of the managers stay as they are typed. Otherwise the work is divided by "
        "what the load of each leaves of their capacity.",
    )
    state = fields.Selection(
        STATES, "Status", default="draft", required=True, readonly=True, copy=False, tracking=True
    )
    accepted_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    accepted_on = fields.Datetime(readonly=True, copy=False)

    stage_ids = fields.One2many("crm.sales.plan.stage", "plan_id", "Funnel", readonly=True)
    share_ids = fields.One2many("crm.sales.plan.share", "plan_id", "Managers")
    line_ids = fields.One2many("crm.sales.plan.line", "plan_id", "Work by Week", readonly=True)

    deals = fields.Integer("Deals Planned", readonly=True)
    assumed_deal = fields.Monetary("Average Deal Assumed", readonly=True, aggregator=None)
    won_number = fields.Integer("Won So Far", readonly=True)
    won_amount = fields.Monetary("Amount Won So Far", readonly=True)
    forecast_number = fields.Float("Deals Expected", digits=(16, 1), readonly=True)
    forecast_number_low = fields.Float("Deals, Low", digits=(16, 1), readonly=True)
    forecast_number_high = fields.Float("Deals, High", digits=(16, 1), readonly=True)
    forecast_amount = fields.Monetary("Amount Expected", readonly=True)
    forecast_amount_low = fields.Monetary("Amount, Low", readonly=True)
    forecast_amount_high = fields.Monetary("Amount, High", readonly=True)
    missing_number = fields.Integer("Deals Missing", readonly=True)
    missing_amount = fields.Monetary("Amount Missing", readonly=True)
    covered = fields.Float(
        "Covered, %",
        digits=(16, 1),
        readonly=True,
        aggregator=None,
        exportable=False,
        help="Won so far and expected of the clients in work, of the target.",
    )
    new_clients = fields.Integer("Clients to Bring", readonly=True)
    meetings = fields.Float(digits=(16, 1), readonly=True)
    calls = fields.Float(digits=(16, 1), readonly=True, help="Calls, or warm contacts of farmers.")
    people_needed = fields.Integer(
        readonly=True, aggregator=None, help="Managers with a full load that the work takes."
    )
    remarks = fields.Text(readonly=True)

    _dates_in_order = models.Constraint(
        "CHECK (date_to >= date_from)", "The plan ends before it begins. Swap its days."
    )
    _targets_not_negative = models.Constraint(
        "CHECK (target_number >= 0 AND target_amount >= 0 AND average_deal >= 0)",
        "A target cannot be negative.",
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("team_id")
    def _compute_company_id(self):
        for plan in self:
            plan.company_id = plan.team_id.company_id or plan.company_id or self.env.company

    @api.depends("team_id", "date_from", "date_to")
    def _compute_target_amount(self):
        planner = self.env["crm.sales.planner"]
        for plan in self:
            former, proposal = plan.proposed_amount, 0.0
            if plan.date_from and plan.date_to:
                proposal = planner._invoicing_target(plan.team_id, plan.date_from, plan.date_to)
            plan.proposed_amount = proposal
            # What somebody has typed stays.
            if not plan.target_amount or plan.target_amount == former:
                plan.target_amount = proposal

    @api.depends("team_id", "user_id", "date_from", "date_to")
    def _compute_display_name(self):
        for plan in self:
            plan.display_name = self.env._(
                "%(who)s, %(first)s – %(last)s",
                who=plan.user_id.name or plan.team_id.name or "",
                first=plan.date_from or "",
                last=plan.date_to or "",
            )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        creator = self
        if not self.env.su:
            creator = defaults.without(self, _BY_SYSTEM)
            given = defaults.given(creator, _BY_SYSTEM)
            for vals in vals_list:
                self._check_by_system({**given, **vals})
        plans = super(CrmSalesPlan, creator).create(vals_list).with_env(self.env)
        plans._refresh()
        return plans

    def write(self, vals):
        self._check_by_system(vals)
        if _INPUTS.isdisjoint(vals):
            return super().write(vals)
        if any(plan.state != "draft" for plan in self):
            raise UserError(
                self.env._("An accepted plan stands still. Withdraw it and plan anew to change it.")
            )
        if "share_ids" in vals:
            vals = {"divides_by_hand": True, **vals}
        result = super().write(vals)
        self._refresh()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_accepted(self):
        if any(plan.state == "accepted" for plan in self):
            raise UserError(self.env._("Withdraw the plan before you delete it."))

    def copy_data(self, default=None):
        return [
            {name: value for name, value in vals.items() if name not in _BY_SYSTEM}
            | {"divides_by_hand": False}
            for vals in super().copy_data(default=default)
        ]

    def _check_by_system(self, vals):
        if not (self.env.su or _BY_SYSTEM.isdisjoint(vals)):
            raise AccessError(
                self.env._(
                    "The figures of a plan are computed by the system. Change its target, and use "
                    "its buttons to accept or to withdraw it."
                )
            )

    # -- the team's work ----------------------------------------------------------------------

    def action_open_lines(self):
        """Open the work by manager, week and stage."""
        return {
            **self.env["ir.actions.act_window"]._for_xml_id(
                "sales_funnel_control.crm_sales_plan_line_action"
            ),
            "domain": [("plan_id", "in", self.ids)],
            "context": {},
        }
