from odoo import api, fields, models

from .crm_contact_norm import NORM_KINDS
from .crm_team_member import GRADES, SALES_ROLES


class CrmWeeklyReviewLine(models.Model):
    """A manager's week in a review."""

    _name = "crm.weekly.review.line"
    _description = "Weekly Review of a Manager"
    _order = "review_id, sales_role, manager_name, id"
    _rec_name = "manager_name"

    review_id = fields.Many2one(
        "crm.weekly.review", required=True, readonly=True, ondelete="cascade", index=True
    )
    team_id = fields.Many2one(related="review_id.team_id", store=True)
    company_id = fields.Many2one(related="review_id.company_id", store=True)
    currency_id = fields.Many2one(related="review_id.currency_id")
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
    manager_name = fields.Char("Manager's Name", readonly=True)
    sales_role = fields.Selection(SALES_ROLES, "Role", readonly=True)
    grade = fields.Selection(GRADES, readonly=True)

    opening = fields.Integer(
        "Clients on Monday", readonly=True, help="Clients in work when the week began."
    )
    entered = fields.Integer("Came", readonly=True)
    exited = fields.Integer("Went", readonly=True)
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

    contact_ids = fields.One2many(
        "crm.weekly.review.contact", "line_id", "Contacts", readonly=True
    )
    stage_ids = fields.One2many("crm.weekly.review.stage", "line_id", "Stages", readonly=True)
    transition_ids = fields.One2many(
        "crm.weekly.review.transition", "line_id", "Transitions", readonly=True
    )
    refusal_ids = fields.One2many(
        "crm.weekly.review.refusal", "line_id", "Refusals", readonly=True
    )

    confirmed_at = fields.Datetime("Confirmed On", readonly=True)
    manager_word = fields.Text("Manager's Word", help="What the manager has to say to the week.")

    _user_week_idx = models.Index("(user_id, week_start)")

    def _payload(self):
        """The line for workbook, print and e-mail: plain values, no records."""
        self.ensure_one()
        return {
            "id": self.id,
            "user_id": self.user_id.id,
            "manager": self.manager_name,
            "sales_role": self.sales_role or "",
            **{
                name: self[name]
                for name in (
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
            },
            "is_confirmed": bool(self.confirmed_at),
            "word": self.manager_word or "",
            "contacts": [row._payload() for row in self.contact_ids],
            "stages": [row._payload() for row in self.stage_ids],
            "transitions": [row._payload() for row in self.transition_ids],
            "refusals": [row._payload() for row in self.refusal_ids],
        }


class CrmWeeklyReviewContact(models.Model):
    """A manager's contacts of a kind in a week, against the norm."""

    _name = "crm.weekly.review.contact"
    _description = "Contacts in a Weekly Review"
    _order = "line_id, id"

    line_id = fields.Many2one(
        "crm.weekly.review.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    kind = fields.Selection(NORM_KINDS, "Contacts", required=True, readonly=True)
    done = fields.Integer(readonly=True)
    norm = fields.Float(readonly=True, digits=(16, 1), help="0: no norm.")

    def _payload(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return {
            "kind": self.kind,
            "name": labels[self.kind],
            "done": self.done,
            "norm": self.norm,
        }


class CrmWeeklyReviewStage(models.Model):
    """The ledger of a manager's stage in a week: it closes."""

    _name = "crm.weekly.review.stage"
    _description = "Stage in a Weekly Review"
    _order = "line_id, sequence, id"
    _rec_name = "stage_name"

    line_id = fields.Many2one(
        "crm.weekly.review.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    stage_id = fields.Many2one("crm.stage", readonly=True, ondelete="set null")
    stage_name = fields.Char("Stage's Name", readonly=True)
    sequence = fields.Integer(readonly=True)
    opening = fields.Integer("On Monday", readonly=True)
    entered = fields.Integer("Came", readonly=True)
    advanced = fields.Integer(readonly=True)
    refused = fields.Integer(readonly=True)
    moved_back = fields.Integer(readonly=True)
    handed_over = fields.Integer(readonly=True)
    withdrawn = fields.Integer(readonly=True)
    transferred = fields.Integer(readonly=True)
    closing = fields.Integer("On Sunday", readonly=True)

    _closes = models.Constraint(
        "CHECK (opening + entered - advanced - refused - moved_back - handed_over - withdrawn"
        " - transferred = closing)",
        "The ledger of a stage does not close: clients on Monday + those who came − those who "
        "went must be those on Sunday.",
    )

    def _payload(self):
        names = (
            "opening",
            "entered",
            "advanced",
            "refused",
            "moved_back",
            "handed_over",
            "withdrawn",
            "transferred",
            "closing",
        )
        return {"stage": self.stage_name, **{name: self[name] for name in names}}


class CrmWeeklyReviewTransition(models.Model):
    """A transition in a week: of the team where there is no line, else of a manager."""

    _name = "crm.weekly.review.transition"
    _description = "Transition in a Weekly Review"
    _order = "review_id, line_id, sequence, id"
    _rec_name = "stage_name"

    review_id = fields.Many2one(
        "crm.weekly.review", required=True, readonly=True, ondelete="cascade", index=True
    )
    line_id = fields.Many2one(
        "crm.weekly.review.line", readonly=True, ondelete="cascade", index="btree_not_null"
    )
    stage_id = fields.Many2one(
        "crm.stage",
        "Transition into",
        readonly=True,
        ondelete="set null",
        help="A transition is named by the stage it leads into.",
    )
    stage_name = fields.Char("Stage's Name", readonly=True)
    sequence = fields.Integer(readonly=True)
    entered = fields.Integer(
        readonly=True, help="Mature entries of the thirteen weeks that ended with this one."
    )
    advanced = fields.Integer(readonly=True, help="Of them, those that came further.")
    rate = fields.Float("Conversion, %", readonly=True, aggregator=None)
    target = fields.Float(
        "Target, %", readonly=True, aggregator=None, help="As it was when the week was reviewed."
    )
    has_target = fields.Boolean(readonly=True)
    verdict = fields.Selection(
        [
            ("below", "Below"),
            ("on_target", "On Target"),
            ("above", "Above"),
            ("insufficient", "Insufficient Data"),
        ],
        readonly=True,
    )
    explanation = fields.Char(readonly=True)
    exits = fields.Integer("Went This Week", readonly=True)
    flow_advanced = fields.Integer("Came Further This Week", readonly=True)

    def _payload(self):
        return {
            "stage_id": self.stage_id.id,
            "name": self.stage_name,
            "entered": self.entered,
            "advanced": self.advanced,
            "rate": self.rate if self.entered else False,
            "target": self.target if self.has_target else False,
            "verdict": self.verdict,
            "explanation": self.explanation or "",
            "exits": self.exits,
            "flow_advanced": self.flow_advanced,
        }


class CrmWeeklyReviewRefusal(models.Model):
    """How often clients of a manager refused for a reason in a week."""

    _name = "crm.weekly.review.refusal"
    _description = "Refusals in a Weekly Review"
    _order = "line_id, number desc, id"
    _rec_name = "reason_name"

    line_id = fields.Many2one(
        "crm.weekly.review.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    reason_id = fields.Many2one("crm.lost.reason", readonly=True, ondelete="set null")
    reason_name = fields.Char("Reason's Name", readonly=True)
    number = fields.Integer("Refusals", readonly=True)

    def _payload(self):
        return {"reason": self.reason_name, "number": self.number}
