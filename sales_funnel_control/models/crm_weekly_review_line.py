from odoo import api, fields, models
from odoo.exceptions import AccessError

from .crm_team_member import GRADES, SALES_ROLES

LINE_FIGURES = (
    "opening",
    "entered",
    "exited",
    "closing",
    "new_clients",
    "won",
    "won_amount",
    "refused",
    "without_next_step",
    "overdue_steps",
    "over_cycle",
)


class CrmWeeklyReviewLine(models.Model):
    """A manager's week in a review."""

    _name = "crm.weekly.review.line"
    _description = "Weekly Review of a Manager"
    _inherit = "crm.weekly.review.frozen"
    _order = "review_id, sales_role, manager_name, id"
    _rec_name = "manager_name"

    review_id = fields.Many2one(
        "crm.weekly.review", required=True, readonly=True, ondelete="cascade", index=True
    )
    team_id = fields.Many2one(related="review_id.team_id", store=True)
    company_id = fields.Many2one(related="review_id.company_id", store=True)
    currency_id = fields.Many2one(related="review_id.currency_id")
    week_name = fields.Char(related="review_id.week_name")
    week_start = fields.Date(related="review_id.week_start", store=True)
    state = fields.Selection(related="review_id.state")
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="Empty: clients that nobody had.",
    )
    user_key = fields.Integer(
        "Number of the User", readonly=True, aggregator=None, help="0: clients that nobody had."
    )
    manager_name = fields.Char("Manager's Name", readonly=True)
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    grade = fields.Selection(GRADES, readonly=True)

    opening = fields.Integer(
        "Clients on Monday", readonly=True, help="Clients in work when the week began."
    )
    entered = fields.Integer(
        "Came",
        readonly=True,
        help="Clients the manager worked in the week and did not have on Monday: new ones, and "
        "those handed over or reopened.",
    )
    exited = fields.Integer(
        "Went",
        readonly=True,
        help="Clients the manager worked in the week and does not have on Sunday: won, refused, "
        "archived or handed over.",
    )
    closing = fields.Integer(
        "Clients on Sunday",
        readonly=True,
        help="Clients in work when the week ended: on Monday + came − went.",
    )
    new_clients = fields.Integer(
        readonly=True, help="Opportunities that began in the week under this manager."
    )
    won = fields.Integer("Deals Won", readonly=True)
    won_amount = fields.Monetary("Amount Won", readonly=True)
    refused = fields.Integer(
        "Lost Clients", readonly=True, help="Refusals of the week, without spam and duplicates."
    )
    without_next_step = fields.Integer(
        readonly=True, help="Clients with nothing planned, when the figures were taken down."
    )
    overdue_steps = fields.Integer(
        readonly=True,
        help="Clients whose next step is past its day, when the figures were taken down.",
    )
    over_cycle = fields.Integer(
        "Past the Normal Cycle",
        readonly=True,
        help="Deals older than deals that are won usually get, when the figures were taken down.",
    )

    contact_ids = fields.One2many("crm.weekly.review.contact", "line_id", "Contacts", readonly=True)
    stage_ids = fields.One2many("crm.weekly.review.stage", "line_id", "Stages", readonly=True)
    transition_ids = fields.One2many(
        "crm.weekly.review.transition", "line_id", "Transitions", readonly=True
    )
    refusal_ids = fields.One2many("crm.weekly.review.refusal", "line_id", "Refusals", readonly=True)

    is_mine = fields.Boolean(compute="_compute_is_mine")
    confirmed_at = fields.Datetime("Confirmed On", readonly=True)
    is_confirmed = fields.Boolean("Confirmed", compute="_compute_is_confirmed")
    manager_word = fields.Text("Manager's Word", help="What the manager has to say to the week.")

    _user_week_idx = models.Index("(user_id, week_start)")

    _closes = models.Constraint(
        "CHECK (opening + entered - exited = closing)",
        "The week of a manager does not close: clients on Monday + those who came − those who "
        "went must be those on Sunday.",
    )

    @api.depends_context("uid")
    @api.depends("user_id")
    def _compute_is_mine(self):
        for line in self:
            line.is_mine = line.user_id == self.env.user

    @api.depends("confirmed_at")
    def _compute_is_confirmed(self):
        for line in self:
            line.is_confirmed = bool(line.confirmed_at)

    @api.depends("manager_name", "week_start")
    def _compute_display_name(self):
        for line in self:
            line.display_name = self.env._(
                "%(manager)s, %(week)s", manager=line.manager_name or "", week=line.week_name or ""
            )

    # -- ORM ----------------------------------------------------------------------------------

    def write(self, vals):
        if not self.env.su:
            if vals.keys() - {"manager_word"}:
                raise AccessError(self.env._("The figures of a week are taken down by the system."))
            self._check_is_mine()
        return super().write(vals)

    def _check_is_mine(self):
        if not all(self.mapped("is_mine")):
            raise AccessError(
                self.env._("Only the manager whose week it is confirms it and has the word.")
            )

    # -- actions ------------------------------------------------------------------------------

    def action_confirm(self, word=None):
        """Confirm that the week was as the figures say.

        :param str word: what the manager has to say to it; what is written already without it
        :raise AccessError: for anybody but the manager
        :raise ValidationError: where the week is closed
        """
        self.check_access("read")
        self._check_is_mine()
        values = {"confirmed_at": fields.Datetime.now()}
        if word is not None:
            values["manager_word"] = str(word)
        lines = self.sudo()
        lines.write(values)
        for review, mine in lines.grouped("review_id").items():
            # The head, who may have clients too, still has the review to do.
            review._reminders(mine.user_id - review.head_id).action_feedback()
        return True

    # -- business -----------------------------------------------------------------------------

    def _stamp_names(self):
        """Write the managers' names down as they are now."""
        for line in self.filtered("user_id"):
            if line.manager_name != line.user_id.name:
                line.manager_name = line.user_id.name

    def _payload(self):
        """The line for workbook, print and e-mail: plain values, no records."""
        self.ensure_one()
        return {
            "id": self.id,
            "user_id": self.user_key or False,
            "manager": self.manager_name,
            "sales_role": self.sales_role or "",
            **self._own_figures(),
            "is_confirmed": self.is_confirmed,
            "word": self.manager_word or "",
            "contacts": [row._payload() for row in self.contact_ids],
            "stages": [row._payload() for row in self.stage_ids],
            "transitions": [row._payload() for row in self.transition_ids],
            "refusals": [row._payload() for row in self.refusal_ids],
        }

    def _own_figures(self):
        """The figures that stand on the line itself."""
        return {name: self[name] for name in LINE_FIGURES}

    def _figures_payload(self):
        """The line without what the manager said to it."""
        payload = self._payload()
        del payload["is_confirmed"], payload["word"]
        return payload
