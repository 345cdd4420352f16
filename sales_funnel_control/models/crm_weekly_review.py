from odoo import api, fields, models

STATES = [("open", "Open"), ("closed", "Closed")]


class CrmWeeklyReview(models.Model):
    """The week of a sales team: what was done, what was decided, and what stands still.

    A review is a snapshot. While it is open, the managers confirm their lines and the head of
    sales decides; its figures are those of the moment it was taken down. Once it is closed,
    nothing in it changes any more: what is corrected afterwards is shown beside it.
    """

    _name = "crm.weekly.review"
    _inherit = "mail.thread"
    _description = "Weekly Review"
    _order = "week_start desc, team_id, id"
    _check_company_auto = True

    team_id = fields.Many2one(
        "crm.team", "Sales Team", required=True, readonly=True, ondelete="restrict", index=True
    )
    team_name = fields.Char(readonly=True, help="As the team was called in that week.")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    week_start = fields.Date(
        "Week", required=True, readonly=True, help="Monday, in the company's time zone."
    )
    head_id = fields.Many2one("res.users", "Head of Sales", readonly=True, ondelete="set null")
    state = fields.Selection(STATES, "Status", default="open", required=True, readonly=True)
    taken_at = fields.Datetime(
        "Figures Taken", readonly=True, help="When the figures were taken down last."
    )
    closed_at = fields.Datetime("Closed On", readonly=True)
    closed_by_id = fields.Many2one("res.users", "Closed By", readonly=True, ondelete="set null")

    line_ids = fields.One2many("crm.weekly.review.line", "review_id", "Managers", readonly=True)
    transition_ids = fields.One2many(
        "crm.weekly.review.transition", "review_id", "Transitions", readonly=True
    )
    decision_ids = fields.One2many("crm.weekly.review.decision", "review_id", "Decisions")

    _team_week_unique = models.UniqueIndex(
        "(team_id, week_start)", "There is a review of this team and week already."
    )
    _week_idx = models.Index("(week_start, company_id)")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("team_name", "week_start")
    def _compute_display_name(self):
        for review in self:
            year, week, _weekday = (review.week_start or fields.Date.today()).isocalendar()
            review.display_name = self.env._(
                "%(team)s, week %(week)s of %(year)s",
                team=review.team_name or review.team_id.name or "",
                week=week,
                year=year,
            )

    # -- the figures of the week --------------------------------------------------------------

    def _take_down(self):
        """Take the figures of the week down, in place of those that are there.

        Only for open reviews. Parts of the review that stand in files of their own extend this.
        """
        self.taken_at = fields.Datetime.now()

    @api.readonly
    def get_review(self):
        """The review as one payload, for the workbook, the print and the e-mail.

        :return: ``id``, ``name``, ``team``, ``week_start``, ``week_end``, ``state``, ``head``,
            ``currency`` (its name); ``lines``: a manager each, see
            ``crm.weekly.review.line._payload``; ``transitions`` of the whole team, see
            ``crm.weekly.review.transition._payload``; ``decisions``, see
            ``crm.weekly.review.decision._payload``
        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "id": self.id,
            "name": self.display_name,
            "team": self.team_name or self.team_id.name,
            "week_start": fields.Date.to_string(self.week_start),
            "week_end": fields.Date.to_string(fields.Date.add(self.week_start, days=6)),
            "state": self.state,
            "head": self.head_id.name or "",
            "currency": self.currency_id.name,
            "lines": [line._payload() for line in self.line_ids],
            "transitions": [
                row._payload() for row in self.transition_ids if not row.line_id
            ],
            "decisions": [decision._payload() for decision in self.decision_ids],
        }
