from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import plaintext2html

KINDS = [
    ("training", "Training"),
    ("mentoring", "Mentoring"),
    ("joint_meeting", "Joint Meeting"),
    ("script", "Script"),
    ("other", "Other"),
]
# Days until a decision is to be carried out, unless said otherwise.
_DUE_DAYS = 14
# Who and what it is about, and where their names are written down.
_NAMES = {
    "user_id": "manager_name",
    "stage_id": "transition_name",
    "mentor_id": "mentor_name",
    "responsible_id": "responsible_name",
}
# What the system writes down, and nobody by hand.
_OF_THE_SYSTEM = {"activity_id", "decided_on", "is_on_team", "user_key", *_NAMES.values()}
# What stands in the activity as well.
_OF_ACTIVITY = {"responsible_id", "date_due", "note", "kind", "user_id", "stage_id"}


class CrmWeeklyReviewDecision(models.Model):
    """What the head of sales decided about a problem transition.

    It becomes an activity of who is responsible. Whether it worked is in the file beside this one.
    """

    _name = "crm.weekly.review.decision"
    _inherit = ["crm.weekly.review.frozen", "mail.thread", "mail.activity.mixin"]
    _description = "Decision of a Weekly Review"
    _order = "week_start desc, id desc"
    _mail_post_access = "read"

    review_id = fields.Many2one(
        "crm.weekly.review",
        required=True,
        ondelete="cascade",
        index=True,
        domain=[("state", "=", "open")],
    )
    team_id = fields.Many2one(related="review_id.team_id", store=True)
    company_id = fields.Many2one(related="review_id.company_id", store=True)
    week_start = fields.Date(related="review_id.week_start", store=True)
    review_state = fields.Selection(related="review_id.state")
    user_id = fields.Many2one(
        "res.users",
        "Manager",
        ondelete="set null",
        index="btree_not_null",
        help="Empty: the decision is on the team.",
    )
    user_key = fields.Integer("Number of the User", readonly=True, aggregator=None, copy=False)
    manager_name = fields.Char("Manager's Name", readonly=True, copy=False)
    is_on_team = fields.Boolean("On the Whole Team", readonly=True, copy=False)
    about = fields.Char(compute="_compute_about", help="Whom the decision is about.")
    stage_id = fields.Many2one(
        "crm.stage",
        "Transition into",
        # The ledger knows nothing of a transition whose stage is gone: nor would the effect.
        ondelete="restrict",
        domain="['|', ('team_ids', '=', False), ('team_ids', 'in', team_id)]",
        help="The transition that is to become better, by the stage it leads into.",
    )
    transition_name = fields.Char("Transition's Name", readonly=True, copy=False)
    kind = fields.Selection(KINDS, "Decision", required=True, default="training")
    mentor_id = fields.Many2one(
        "res.users", ondelete="set null", help="The colleague who shows how it is done."
    )
    mentor_name = fields.Char("Mentor's Name", readonly=True, copy=False)
    note = fields.Char("What Is to Be Done")
    responsible_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        ondelete="set null",
        help="Who sees to it: gets an activity.",
    )
    responsible_name = fields.Char("Responsible (Name)", readonly=True, copy=False)
    decided_on = fields.Date(
        required=True,
        readonly=True,
        copy=False,
        help="The effect compares the clients that entered in the eight weeks before this day's "
        "week with those that entered since this day.",
    )
    date_due = fields.Date("Due", required=True, default=lambda self: self._default_date_due())

    activity_id = fields.Many2one("mail.activity", readonly=True, copy=False, ondelete="set null")
    progress = fields.Selection(
        [("open", "Open"), ("late", "Overdue"), ("done", "Done"), ("dropped", "Dropped")],
        compute="_compute_progress",
        help="By the activity of who is responsible. Dropped: it was deleted undone.",
    )
    done_on = fields.Date("Carried Out On", compute="_compute_progress")

    @api.model
    def _default_date_due(self):
        return fields.Date.add(self.env.company._funnel_today(), days=_DUE_DAYS)

    # -- computes -----------------------------------------------------------------------------

    @api.depends("manager_name")
    def _compute_about(self):
        for decision in self:
            decision.about = decision.manager_name or self.env._("The whole team")

    @api.depends("kind", "about", "transition_name")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for decision in self:
            what = ", ".join(filter(None, [decision.about, decision.transition_name]))
            decision.display_name = f"{what}: {kinds.get(decision.kind, '')}"

    @api.depends("activity_id.active", "activity_id.date_done", "activity_id.date_deadline")
    def _compute_progress(self):
        for decision in self:
            activity = decision.sudo().activity_id
            decision.done_on = not activity.active and activity.date_done
            if not activity:
                decision.progress = "dropped"
            elif not activity.active:
                decision.progress = "done"
            else:
                today = (decision.company_id or self.env.company).sudo()._funnel_today()
                decision.progress = "late" if activity.date_deadline < today else "open"

    @api.constrains("responsible_id")
    def _check_responsible(self):
        if any(not decision.responsible_id for decision in self):
            raise ValidationError(
                self.env._("Say who is responsible: a decision without anybody is a wish.")
            )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_not_of_the_system(vals)
            if not vals.get("decided_on"):
                review = self.env["crm.weekly.review"].browse(vals.get("review_id")).sudo()
                company = review.company_id or self.env.company
                vals["decided_on"] = company._funnel_today()
        decisions = super().create(vals_list)
        decisions._stamp_names(_NAMES)
        decisions._plan_activities()
        return decisions

    def write(self, vals):
        self._check_not_of_the_system(vals)
        result = super().write(vals)
        if "review_id" in vals:
            # It may have been moved into the week of another team.
            self.check_access("write")
        if chosen := [name for name in _NAMES if name in vals]:
            self._stamp_names(chosen)
        if not _OF_ACTIVITY.isdisjoint(vals):
            self._replan_activities()
        return result

    @api.model
    def _check_not_of_the_system(self, vals):
        if not self.env.su and not _OF_THE_SYSTEM.isdisjoint(vals):
            raise AccessError(
                self.env._(
                    "The figures of a week are taken down by the system. "
                    "You may write your word and decide."
                )
            )

    @api.model
    def _is_frozen_field(self, name):
        return name == "activity_id" or super()._is_frozen_field(name)

    # -- business -----------------------------------------------------------------------------

    def _stamp_names(self, chosen=()):
        """Write down how those it is about are called now.

        :param chosen: fields that were chosen just now: who is gone otherwise keeps the name
        """
        for decision in self.sudo():
            spoken = decision.with_context(lang=decision.review_id._written_in())
            names = {
                name: spoken[field].name
                for field, name in _NAMES.items()
                if spoken[field] or field in chosen
            }
            if "user_id" in chosen:
                names.update(user_key=decision.user_id.id, is_on_team=not decision.user_id)
            names = {name: value for name, value in names.items() if decision[name] != value}
            if names:
                decision.write(names)

    def _plan_activities(self):
        """An activity for who is responsible."""
        for decision in self.sudo():
            decision.activity_id = decision.activity_schedule(
                "mail.mail_activity_data_todo", **decision._activity_values()
            )

    def _replan_activities(self):
        for decision in self.sudo():
            activity = decision.activity_id
            # Whose activity it is may have been changed by hand.
            is_own = (activity.res_model, activity.res_id) == (decision._name, decision.id)
            if is_own and activity.active:
                activity.write(decision._activity_values())

    def _activity_values(self):
        self.ensure_one()
        decision = self.with_context(lang=self.responsible_id.lang)
        return {
            "user_id": self.responsible_id.id,
            "date_deadline": self.date_due,
            "summary": decision.display_name,
            "note": decision.note and plaintext2html(decision.note),
        }

    def _payload(self):
        """The decision for workbook, print and e-mail; what follows from it is ``follow_up``."""
        self.ensure_one()
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        return {
            "id": self.id,
            "user_id": self.user_key or False,
            "is_on_team": self.is_on_team,
            "manager": self.manager_name or "",
            "transition": self.transition_name or "",
            "kind": kinds[self.kind],
            "mentor": self.mentor_name or "",
            "note": self.note or "",
            "responsible": self.responsible_name or "",
            "date_due": fields.Date.to_string(self.date_due),
            "follow_up": {
                "progress": self.progress,
                "done_on": fields.Date.to_string(self.done_on) or False,
                **self._effect_payload(),
            },
        }
