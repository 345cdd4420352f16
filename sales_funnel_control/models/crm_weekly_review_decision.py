from odoo import fields, models

KINDS = [
    ("training", "Training"),
    ("mentoring", "Mentoring"),
    ("joint_meeting", "Joint Meeting"),
    ("script", "Script"),
    ("other", "Other"),
]


class CrmWeeklyReviewDecision(models.Model):
    """What the head of sales decided about a problem transition, and whether it worked."""

    _name = "crm.weekly.review.decision"
    _description = "Decision of a Weekly Review"
    _order = "review_id desc, id"

    review_id = fields.Many2one(
        "crm.weekly.review", required=True, ondelete="cascade", index=True
    )
    team_id = fields.Many2one(related="review_id.team_id", store=True)
    company_id = fields.Many2one(related="review_id.company_id", store=True)
    week_start = fields.Date(related="review_id.week_start", store=True)
    user_id = fields.Many2one(
        "res.users", "Manager", ondelete="restrict", help="Empty: the decision is on the team."
    )
    stage_id = fields.Many2one(
        "crm.stage",
        "Transition into",
        ondelete="restrict",
        help="The transition that is to become better, by the stage it leads into.",
    )
    kind = fields.Selection(KINDS, "Decision", required=True, default="training")
    mentor_id = fields.Many2one(
        "res.users", ondelete="restrict", help="The colleague who shows how it is done."
    )
    note = fields.Char("What Is to Be Done")
    responsible_id = fields.Many2one(
        "res.users",
        required=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    date_due = fields.Date("Due", required=True)

    def _payload(self):
        """The decision for workbook, print and e-mail."""
        self.ensure_one()
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return {
            "id": self.id,
            "manager": self.user_id.name or "",
            "transition": self.stage_id.name or "",
            "kind": kinds[self.kind],
            "mentor": self.mentor_id.name or "",
            "note": self.note or "",
            "responsible": self.responsible_id.name,
            "date_due": fields.Date.to_string(self.date_due),
        }
