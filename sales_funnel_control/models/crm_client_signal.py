from odoo import api, fields, models
from odoo.exceptions import UserError

from .crm_client import CLIENT_CATEGORIES
from .crm_team_member import SALES_ROLES

SIGNAL_KINDS = [
    ("overdue", "Overdue"),
    ("falling", "Buys Less"),
    ("growing", "Buys More"),
    ("new_need", "New Need"),
]
SIGNAL_STATES = [
    ("new", "New"),
    ("in_work", "In Work"),
    ("done", "Done"),
    ("dismissed", "Dismissed"),
]
SIGNAL_RESULTS = [
    ("waiting", "Waiting"),
    ("bought", "Bought Afterwards"),
    ("not_bought", "Did Not Buy"),
]
OPEN_STATES = ("new", "in_work")


class CrmClientSignal(models.Model):
    """A client buys later, less, more or something else than it did: the manager is told, once.

    The figures are those of the day the signal was raised. What the client bought afterwards is
    beside them; it is no proof that the signal, or the work on it, was the cause.
    """

    _name = "crm.client.signal"
    _description = "Signal of a Client"
    _order = "raised_on DESC, revenue DESC, id DESC"
    _rec_name = "partner_id"

    client_id = fields.Many2one(
        "crm.client", "Client in the Base", required=True, readonly=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", "Client", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        readonly=True,
        index="btree_not_null",
        help="In charge when the signal was raised; without a manager the head of the team.",
    )
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, ondelete="set null")
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    category = fields.Selection(
        CLIENT_CATEGORIES, readonly=True, help="What the client was when the signal was raised."
    )

    kind = fields.Selection(SIGNAL_KINDS, "Signal", required=True, readonly=True)
    episode = fields.Char(
        required=True, readonly=True, help="What the signal is raised for once and never again."
    )
    raised_on = fields.Date(required=True, readonly=True)
    term_on = fields.Date("Work On It Until", readonly=True)
    last_on = fields.Date("Last Purchase", readonly=True)
    interval_days = fields.Float(
        "Usual Interval, Days", digits=(16, 1), readonly=True, aggregator=None
    )
    days_since = fields.Integer(
        "Days Without Purchase",
        readonly=True,
        aggregator=None,
        help="Since the last purchase, when the signal was raised.",
    )
    percent = fields.Float("Change of Volume, %", digits=(16, 1), readonly=True, aggregator=None)
    product_category_id = fields.Many2one(
        "product.category", "Product Group", readonly=True, ondelete="cascade"
    )
    revenue = fields.Monetary(
        "Revenue, 12 Months",
        readonly=True,
        help="Untaxed purchases of the 12 months before the signal: what is at risk where the "
        "client is overdue or buys less.",
    )
    text = fields.Char("What Happened", compute="_compute_text")

    state = fields.Selection(SIGNAL_STATES, "Status", required=True, default="new", readonly=True)
    activity_id = fields.Many2one(
        "mail.activity", readonly=True, index="btree_not_null", ondelete="set null"
    )
    lead_id = fields.Many2one(
        "crm.lead", "Deal", readonly=True, index="btree_not_null", ondelete="set null"
    )
    worked_on = fields.Date(
        readonly=True,
        help="First contact with the client after the signal, activity done or move of the deal.",
    )
    closed_on = fields.Date(readonly=True)
    dismiss_reason = fields.Char("Dismissed Because", readonly=True)
    until_on = fields.Date(
        "Purchases Count Until",
        readonly=True,
        help="Two usual intervals after the signal, 90 days at least.",
    )
    bought_on = fields.Date(readonly=True, help="First purchase after the signal.")
    revenue_after = fields.Monetary(
        "Bought Afterwards",
        readonly=True,
        help="Untaxed purchases within two usual intervals, 90 days at least, after the signal. "
        "It is no proof that the work on the signal was the cause.",
    )
    result = fields.Selection(SIGNAL_RESULTS, required=True, default="waiting", readonly=True)

    _once = models.UniqueIndex(
        "(client_id, kind, episode)", "A signal is raised once for the same thing."
    )
    _follow_idx = models.Index("(company_id, until_on)")

    @api.depends("kind", "interval_days", "days_since", "percent", "product_category_id")
    def _compute_text(self):
        for signal in self:
            signal.text = signal._told()

    def _told(self):
        """What happened, in a sentence."""
        self.ensure_one()
        if self.kind == "overdue":
            return self.env._(
                "Buys every %(interval)s days, the last time %(days)s days ago.",
                interval=round(self.interval_days),
                days=self.days_since,
            )
        if self.kind == "falling":
            return self.env._(
                "Buys %(percent)s %% less than before.", percent=round(abs(self.percent))
            )
        if self.kind == "growing":
            return self.env._("Buys %(percent)s %% more than before.", percent=round(self.percent))
        return self.env._(
            "Wants “%(group)s” for the first time.", group=self.product_category_id.name
        )

    # -- actions ------------------------------------------------------------------------------

    def action_open_deal(self):
        """Work on the signal in a deal: the one opened for it, or a new one.

        :return: window action on the opportunity
        :raise UserError: where nobody may work with the client
        """
        self.ensure_one()
        self.check_access("read")
        signal = self.sudo()
        if not signal.lead_id:
            signal.lead_id = signal._present_deals().get(signal.client_id) or signal._open_deals()
        if not signal.lead_id:
            raise UserError(
                self.env._(
                    "%(client)s is blacklisted or archived: nobody may work with them.",
                    client=signal.partner_id.display_name,
                )
            )
        signal._start()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "res_id": signal.lead_id.id,
            "views": [[False, "form"]],
        }

    def action_open_client(self):
        """Open the client, with what it bought."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.client",
            "res_id": self.client_id.id,
            "views": [[False, "form"]],
        }

    def action_take(self):
        """Take signals to work."""
        self.check_access("read")
        self.sudo()._start()
        return True

    def action_done(self):
        """Close signals as worked; their activities are done."""
        self.check_access("read")
        self.sudo()._close("done")
        return True

    def action_dismiss(self):
        """Ask why nothing is to be done about the signals."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Dismiss"),
            "res_model": "crm.client.signal.dismiss",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_signal_ids": self.ids},
        }

    def _start(self):
        self.filtered(lambda signal: signal.state == "new").state = "in_work"

    def _dismiss(self, reason):
        """Close signals without work.

        :param reason: in words
        """
        self.check_access("read")
        self.sudo()._close("dismissed", dismiss_reason=reason)

    def _close(self, state, **values):
        """Close signals that are open, and the activities that reminded of them."""
        pending = self.filtered(lambda signal: signal.state in OPEN_STATES)
        for company, signals in pending.grouped("company_id").items():
            today = company._funnel_today()
            signals.write({"state": state, "closed_on": today, **values})
            if state == "done":
                signals.filtered(lambda signal: not signal.worked_on).worked_on = today
        pending._close_activities(dict(SIGNAL_STATES)[state])

    def _close_activities(self, feedback):
        activities = self.activity_id.filtered("active")
        if activities:
            activities.with_context(is_no_contact=True).action_feedback(feedback=feedback)
