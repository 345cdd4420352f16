from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError

STATES = [("open", "Open"), ("closed", "Closed")]
# What people write on a review; all else is the system's.
_BY_HAND = {"decision_ids", "head_word"}


class CrmWeeklyReview(models.Model):
    """The week of a sales team: what was done, what was decided, and what stands still.

    A review is a snapshot. While it is open, the managers confirm their lines and the head of
    sales decides; its figures are those of the moment it was taken down. Once it is closed,
    nothing in it changes any more: what is corrected afterwards is shown beside it.
    """

    _name = "crm.weekly.review"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _description = "Weekly Review"
    _order = "week_start desc, team_id, id"
    _check_company_auto = True
    _mail_post_access = "read"
    # The content of a week. What other parts add, such as who got the e-mail, goes on.
    _frozen_fields = frozenset(
        {
            "team_id",
            "team_name",
            "company_id",
            "currency_id",
            "week_start",
            "head_id",
            "head_name",
            "head_word",
            "state",
            "taken_at",
            "closed_at",
            "closed_by_id",
            "closed_by_name",
            "line_ids",
            "seat_ids",
            "transition_ids",
            "team_transition_ids",
            "problem_ids",
            "decision_ids",
        }
    )

    team_id = fields.Many2one(
        "crm.team", "Sales Team", required=True, readonly=True, ondelete="restrict", index=True
    )
    team_name = fields.Char(readonly=True, help="As the team was called in that week.")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one("res.currency", readonly=True, ondelete="restrict")
    week_start = fields.Date(
        "Week", required=True, readonly=True, help="Monday, in the company's time zone."
    )
    week_name = fields.Char("Week of the Year", compute="_compute_week_name")
    head_id = fields.Many2one("res.users", "Head of Sales", readonly=True, ondelete="set null")
    head_name = fields.Char("Head's Name", readonly=True)
    head_word = fields.Text(
        "Head's Word", help="What the head of sales has to say to the week, for everybody."
    )
    state = fields.Selection(STATES, "Status", default="open", required=True, readonly=True)
    taken_at = fields.Datetime(
        "Figures Taken", readonly=True, help="When the figures were taken down last."
    )
    closed_at = fields.Datetime("Closed On", readonly=True)
    closed_by_id = fields.Many2one("res.users", readonly=True, ondelete="set null")
    closed_by_name = fields.Char("Closed By (Name)", readonly=True)

    line_ids = fields.One2many("crm.weekly.review.line", "review_id", "Managers", readonly=True)
    transition_ids = fields.One2many(
        "crm.weekly.review.transition", "review_id", "Transitions", readonly=True
    )
    decision_ids = fields.One2many("crm.weekly.review.decision", "review_id", "Decisions")

    # For the record rules, which read it as the system: what they read is not to be taken for the
    # lines that the user may see.
    seat_ids = fields.One2many(
        "crm.weekly.review.line", "review_id", "Whose Weeks Are in It", readonly=True
    )
    team_transition_ids = fields.One2many(
        "crm.weekly.review.transition",
        "review_id",
        "The Team's Transitions",
        readonly=True,
        domain=[("line_id", "=", False)],
    )
    problem_ids = fields.One2many(
        "crm.weekly.review.transition",
        "review_id",
        "Problem Transitions",
        readonly=True,
        domain=[("line_id", "!=", False), ("verdict", "=", "below")],
        help="Managers who are below target beyond chance.",
    )
    may_lead = fields.Boolean(compute="_compute_may_lead")
    line_count = fields.Integer("Managers in the Week", compute="_compute_counts")
    unconfirmed_count = fields.Integer("Not Confirmed", compute="_compute_counts")
    decision_count = fields.Integer("Number of Decisions", compute="_compute_counts")

    _team_week_unique = models.UniqueIndex(
        "(team_id, week_start, company_id)", "There is a review of this team and week already."
    )
    _week_idx = models.Index("(week_start, company_id)")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("team_name", "week_start")
    def _compute_display_name(self):
        for review in self:
            review.display_name = self.env._(
                "%(team)s, %(week)s",
                team=review.team_name or review.team_id.name or "",
                week=review.week_name or "",
            )

    @api.depends("week_start")
    def _compute_week_name(self):
        for review in self:
            year, week, _weekday = (review.week_start or fields.Date.today()).isocalendar()
            review.week_name = self.env._("week %(week)s of %(year)s", week=week, year=year)

    @api.depends_context("uid")
    @api.depends("team_id.user_id")
    def _compute_may_lead(self):
        sees_all = self.env.su or self.env.user.has_group(
            "sales_team.group_sale_salesman_all_leads"
        )
        for review in self:
            review.may_lead = sees_all or review.sudo().team_id.user_id == self.env.user

    @api.depends("line_ids.confirmed_at", "decision_ids")
    def _compute_counts(self):
        for review in self:
            people = review.line_ids.filtered("user_key")
            review.line_count = len(people)
            review.unconfirmed_count = len(people.filtered(lambda line: not line.confirmed_at))
            review.decision_count = len(review.decision_ids)

    # -- ORM ----------------------------------------------------------------------------------

    def write(self, vals):
        if not self.env.su and any(name in self._frozen_fields - _BY_HAND for name in vals):
            raise AccessError(
                self.env._(
                    "The figures of a week are taken down by the system. "
                    "You may write your word and decide."
                )
            )
        if not self._frozen_fields.isdisjoint(vals):
            self._check_still_open()
        return super().write(vals)

    def unlink(self):
        self._check_still_open()
        return super().unlink()

    def _check_still_open(self):
        closed = self.filtered(lambda review: review.state == "closed")
        if closed:
            raise ValidationError(
                self.env._(
                    "%(review)s is closed: it stands still. What changed afterwards is shown "
                    "under “What Changed Since”.",
                    review=closed[0].display_name,
                )
            )

    # -- actions ------------------------------------------------------------------------------

    def action_take_down(self):
        """Take the figures down anew: what was corrected meanwhile comes in."""
        self._check_may_lead()
        self.sudo()._check_still_open()
        self.sudo()._take_down()
        return True

    def action_close(self):
        """Close the week: from now on it stands still."""
        self._check_may_lead()
        for review in self.sudo().filtered(lambda review: review.state == "open"):
            review.line_ids._stamp_names()
            review.decision_ids._stamp_names()
            review._drop_reminders()
            review.write(
                {
                    **review._names_now(),
                    "state": "closed",
                    "closed_at": fields.Datetime.now(),
                    "closed_by_id": self.env.uid,
                    "closed_by_name": self.env.user.name,
                }
            )
        return True

    def action_what_changed(self):
        """Show what the figures of the week would be now, where they differ."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Changed Since: %(review)s", review=self.display_name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [
                [
                    self.env.ref("sales_funnel_control.crm_weekly_review_view_form_restatement").id,
                    "form",
                ]
            ],
            "target": "new",
        }

    def _check_may_lead(self):
        """
        :raise AccessError: for who neither leads the team nor sees all documents
        """
        self.check_access("read")
        if not all(review.id and review.may_lead for review in self):
            raise AccessError(
                self.env._("Only the team's leader and sales administrators do this.")
            )

    # -- the figures of the week --------------------------------------------------------------

    def _names_now(self):
        """Names of the present, for the snapshot."""
        self.ensure_one()
        return {
            "team_name": self.with_context(lang=self._written_in()).team_id.name,
            "head_name": self.head_id.name,
        }

    def _written_in(self):
        """Language a week is written down in: its head's."""
        self.ensure_one()
        return self.head_id.lang or self.company_id.partner_id.lang or "en_US"

    def _take_down(self):
        """Take the figures of the week down, in place of those that are there.

        Only for open reviews. Parts of the review that stand in files of their own extend this.

        :raise ValidationError: where a week is closed
        """
        if not self:
            return
        self._check_still_open()
        self._store_figures(self._figures_of_weeks())
        self.taken_at = fields.Datetime.now()

    @api.readonly
    def get_review(self):
        """The review as one payload, for the workbook, the print and the e-mail.

        :return: ``id``, ``name``, ``team``, ``week_start``, ``week_end``, ``state``, ``head``,
            ``head_word``, ``currency`` (its name); ``lines``: a manager each, see
            ``crm.weekly.review.line._payload``; ``transitions`` of the whole team, see
            ``crm.weekly.review.transition._payload``; ``decisions``, see
            ``crm.weekly.review.decision._payload``. Of a closed week all this stands still, but
            for the ``follow_up`` of each decision.
        :rtype: dict
        :raise UserError: unless it is one review
        """
        if len(self) != 1 or not self.id:
            raise UserError(self.env._("Ask for one review at a time."))
        self.check_access("read")
        return {
            "id": self.id,
            "name": self.display_name,
            "team": self.team_name or self.sudo().team_id.name,
            "week_start": fields.Date.to_string(self.week_start),
            "week_end": fields.Date.to_string(self._sunday()),
            "state": self.state,
            "head": self.head_name or "",
            "head_word": self.head_word or "",
            "currency": self.currency_id.name,
            "lines": [line._payload() for line in self._readable("line_ids")],
            "transitions": [
                row._payload() for row in self._readable("transition_ids") if not row.line_id
            ],
            "decisions": [decision._payload() for decision in self._readable("decision_ids")],
        }

    def _readable(self, name):
        """Parts that the user may see, also where the system has read all of them before."""
        parts = self[name]
        return parts if self.env.su else parts._filtered_access("read")
