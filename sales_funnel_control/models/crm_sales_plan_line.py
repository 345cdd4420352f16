from odoo import fields, models
from odoo.exceptions import UserError


class CrmSalesPlanStage(models.Model):
    """A stage of the funnel in a plan: the rate into it, and the clients it needs."""

    _name = "crm.sales.plan.stage"
    _description = "Stage of a Sales Plan"
    _order = "plan_id, sequence, id"
    _rec_name = "stage_id"

    plan_id = fields.Many2one("crm.sales.plan", required=True, ondelete="cascade", index=True)
    sequence = fields.Integer()
    stage_id = fields.Many2one("crm.stage", required=True, ondelete="restrict")
    target_rate = fields.Float("Target, %", digits=(16, 1), aggregator=None)
    actual_rate = fields.Float("Actual, %", digits=(16, 1), aggregator=None)
    entered = fields.Integer(
        "Entries", aggregator=None, help="Mature entries that the actual rate rests on."
    )
    what_if = fields.Float("What If, %", digits=(16, 1), aggregator=None)
    rate = fields.Float("Planned, %", digits=(16, 1), aggregator=None)
    needed = fields.Integer(
        aggregator=None, help="Clients who have to come onto the stage for the whole target."
    )
    standing = fields.Integer("There Now", aggregator=None, help="Clients in work on the stage.")
    to_bring = fields.Integer(
        aggregator=None,
        help="New clients who have to come onto the stage for what is neither won nor expected.",
    )
    clients = fields.Float(
        "Will Come",
        digits=(16, 1),
        aggregator=None,
        help="Clients who come onto the stage within the period: new ones, and those in work.",
    )
    meetings = fields.Float(digits=(16, 1))
    calls = fields.Float(digits=(16, 1))


class CrmSalesPlanShare(models.Model):
    """A manager's part of the work of a plan."""

    _name = "crm.sales.plan.share"
    _description = "Manager of a Sales Plan"
    _order = "plan_id, id"
    _rec_name = "user_id"

    plan_id = fields.Many2one("crm.sales.plan", required=True, ondelete="cascade", index=True)
    team_id = fields.Many2one(related="plan_id.team_id", store=True, precompute=True)
    company_id = fields.Many2one(related="plan_id.company_id", store=True, precompute=True)
    user_id = fields.Many2one("res.users", "Manager", required=True, ondelete="cascade")
    share = fields.Float("Share, %", digits=(16, 1), help="Part of the work, of a hundred.")
    clients = fields.Integer("Clients in Work", readonly=True)
    capacity = fields.Float(
        digits=(16, 1),
        readonly=True,
        help="Contacts the manager can make on the days of the period that are left.",
    )
    contacts = fields.Float(
        "Contacts Planned", digits=(16, 1), readonly=True, help="Meetings and calls of the plan."
    )
    load = fields.Float("Load, %", digits=(16, 1), readonly=True, aggregator=None)

    _manager_uniq = models.UniqueIndex(
        "(plan_id, user_id)", "The manager has a share of this plan already: change that one."
    )
    _share_range = models.Constraint(
        "CHECK (share >= 0 AND share <= 100)", "A share lies between 0 and 100 per cent."
    )

    def write(self, vals):
        # The system itself writes the figures of a plan as the super-user.
        if not self.env.su and any(plan.state != "draft" for plan in self.plan_id):
            raise UserError(self.env._("An accepted plan stands still. Withdraw it to plan anew."))
        if not self.env.su and "plan_id" in vals:
            raise UserError(self.env._("A share stays in its plan: add one to the other plan."))
        return super().write(vals)


class CrmSalesPlanLine(models.Model):
    """What a manager does in a week of a plan: clients to bring onto a stage, and contacts."""

    _name = "crm.sales.plan.line"
    _description = "Work of a Sales Plan"
    _order = "week_start, user_id, id"
    _rec_name = "stage_id"

    plan_id = fields.Many2one("crm.sales.plan", required=True, ondelete="cascade", index=True)
    state = fields.Selection(related="plan_id.state", store=True, precompute=True)
    team_id = fields.Many2one(related="plan_id.team_id", store=True, precompute=True)
    company_id = fields.Many2one(related="plan_id.company_id", store=True, precompute=True)
    user_id = fields.Many2one("res.users", "Manager", required=True, ondelete="cascade")
    week_start = fields.Date("Week (Monday)", required=True)
    stage_id = fields.Many2one(
        "crm.stage",
        "Onto Stage",
        required=True,
        ondelete="restrict",
        help="The stage the clients are brought onto.",
    )
    clients = fields.Float(digits=(16, 2), help="Clients to bring onto the stage.")
    meetings = fields.Float(digits=(16, 2))
    calls = fields.Float(digits=(16, 2), help="Calls, or warm contacts of farmers.")

    _user_idx = models.Index("(user_id, week_start)")
