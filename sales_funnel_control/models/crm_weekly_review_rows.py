from odoo import api, fields, models

from .crm_contact_norm import NORM_KINDS

# The exits a stay can have, which are a stage's columns too.
STAGE_EXITS = ("advanced", "refused", "moved_back", "handed_over", "withdrawn", "transferred")
STAGE_FIGURES = ("opening", "entered", *STAGE_EXITS, "closing")
VERDICTS = [
    ("below", "Below"),
    ("on_target", "On Target"),
    ("above", "Above"),
    ("insufficient", "Insufficient Data"),
]


class CrmWeeklyReviewContact(models.Model):
    """A manager's contacts of a kind in a week, against the norm."""

    _name = "crm.weekly.review.contact"
    _description = "Contacts in a Weekly Review"
    _inherit = "crm.weekly.review.frozen"
    _order = "line_id, id"
    _review_path = "line_id.review_id"

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
    _inherit = "crm.weekly.review.frozen"
    _review_path = "line_id.review_id"
    _order = "line_id, sequence, id"
    _rec_name = "stage_name"

    line_id = fields.Many2one(
        "crm.weekly.review.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    stage_id = fields.Many2one("crm.stage", readonly=True, ondelete="set null")
    stage_key = fields.Integer("Number of the Stage", readonly=True, aggregator=None)
    stage_name = fields.Char("Stage's Name", readonly=True)
    sequence = fields.Integer(readonly=True, aggregator=None)
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
        return {"stage": self.stage_name, **{name: self[name] for name in STAGE_FIGURES}}


class CrmWeeklyReviewTransition(models.Model):
    """A transition in a week: of the team where there is no line, else of a manager."""

    _name = "crm.weekly.review.transition"
    _description = "Transition in a Weekly Review"
    _inherit = "crm.weekly.review.frozen"
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
    stage_key = fields.Integer("Number of the Stage", readonly=True, aggregator=None)
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
    verdict = fields.Selection(VERDICTS, readonly=True)
    explanation = fields.Char(
        readonly=True, help="How the verdict came about, in the language of the head of sales."
    )
    teacher_id = fields.Many2one(
        "res.users",
        "Who Can Teach",
        readonly=True,
        ondelete="set null",
        help="The best colleague of the same role whose rate is higher beyond chance.",
    )
    teacher_name = fields.Char(readonly=True)
    manager_name = fields.Char(related="line_id.manager_name")
    is_decided = fields.Boolean(
        "Decided",
        compute="_compute_is_decided",
        help="A decision of this review is about this manager and transition.",
    )
    exits = fields.Integer("Went This Week", readonly=True)
    flow_advanced = fields.Integer("Came Further This Week", readonly=True)

    @api.depends("review_id.decision_ids.stage_id", "review_id.decision_ids.user_id")
    def _compute_is_decided(self):
        for row in self:
            row.is_decided = any(
                decision.stage_id == row.stage_id and decision.user_id == row.line_id.user_id
                for decision in row.review_id.decision_ids
            )

    def action_decide(self):
        """Open a new decision about this manager and transition."""
        self.ensure_one()
        # Related fields are read without asking who reads.
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(
                "Decide: %(manager)s, %(transition)s",
                manager=self.manager_name or self.env._("the team"),
                transition=self.stage_name,
            ),
            "res_model": "crm.weekly.review.decision",
            "views": [[False, "form"]],
            "target": "new",
            "context": {
                "default_review_id": self.review_id.id,
                "default_user_id": self.line_id.user_id.id,
                "default_stage_id": self.stage_id.id,
                "default_kind": "mentoring" if self.teacher_id else "training",
                "default_mentor_id": self.teacher_id.id,
                "default_responsible_id": (self.teacher_id or self.env.user).id,
            },
        }

    def _payload(self):
        return {
            "stage_id": self.stage_key or False,
            "name": self.stage_name,
            "entered": self.entered,
            "advanced": self.advanced,
            "rate": self.rate if self.entered else False,
            "target": self.target if self.has_target else False,
            "verdict": self.verdict,
            "explanation": self.explanation or "",
            "teacher": self.teacher_name or "",
            "exits": self.exits,
            "flow_advanced": self.flow_advanced,
        }


class CrmWeeklyReviewRefusal(models.Model):
    """How often clients of a manager refused for a reason in a week."""

    _name = "crm.weekly.review.refusal"
    _description = "Refusals in a Weekly Review"
    _inherit = "crm.weekly.review.frozen"
    _review_path = "line_id.review_id"
    _order = "line_id, number desc, id"
    _rec_name = "reason_name"

    line_id = fields.Many2one(
        "crm.weekly.review.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    reason_id = fields.Many2one("crm.lost.reason", readonly=True, ondelete="set null")
    reason_key = fields.Integer("Number of the Reason", readonly=True, aggregator=None)
    reason_name = fields.Char("Reason's Name", readonly=True)
    number = fields.Integer("Refusals", readonly=True)

    def _payload(self):
        return {"reason": self.reason_name, "number": self.number}
