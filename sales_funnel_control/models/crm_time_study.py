from datetime import date, timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_date

_USUAL_DAYS = 3
_MOST_DAYS = 7
_OPEN = ("asked", "running")
# Who is studied notes what they did; what is studied, and when it ends, is the head's.
_OF_THE_HEAD = {
    "asked_by_id",
    "company_id",
    "date_from",
    "date_to",
    "finished_at",
    "plan",
    "purpose",
    "state",
    "team_id",
    "timetable_id",
    "user_id",
}


class CrmTimeStudy(models.Model):
    """Time study (a "photograph of the working day"): for some days a manager notes where the time
    goes, and the system sets it against the timetable and the contacts logged.
    """

    _name = "crm.time.study"
    _description = "Time Study"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "date_from desc, id desc"
    _check_company_auto = True

    user_id = fields.Many2one(
        "res.users",
        "Manager",
        required=True,
        default=lambda self: self.env.user,
        index=True,
        ondelete="restrict",
        domain=lambda self: list(self.env["crm.timetable"]._managers_domain()),
    )
    asked_by_id = fields.Many2one(
        "res.users",
        required=True,
        readonly=True,
        default=lambda self: self.env.user,
        ondelete="restrict",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        compute="_compute_team_id",
        store=True,
        precompute=True,
        ondelete="set null",
    )
    timetable_id = fields.Many2one(
        "crm.timetable",
        compute="_compute_timetable_id",
        store=True,
        readonly=False,
        precompute=True,
        check_company=True,
        ondelete="set null",
        help="What the time is set against: the timetable of the manager's role.",
    )
    date_from = fields.Date(
        "First Day", required=True, default=lambda self: self.env.company._funnel_today()
    )
    date_to = fields.Date(
        "Last Day",
        compute="_compute_date_to",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="Two or three working days show enough.",
    )
    purpose = fields.Char(
        "What For",
        help="What you want to find out. The manager reads it: who knows why, notes honestly.",
    )
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("running", "Under Way"),
            ("done", "Finished"),
            ("cancelled", "Cancelled"),
        ],
        "Status",
        default="asked",
        required=True,
        readonly=True,
        copy=False,
    )
    finished_at = fields.Datetime(readonly=True, copy=False)
    plan = fields.Json(
        readonly=True,
        copy=False,
        help="Minutes of the timetable by kind, as they were when the study was finished.",
    )
    entry_ids = fields.One2many("crm.time.study.entry", "study_id", "Notes", copy=False)
    hours = fields.Float("Hours Noted", compute="_compute_hours")

    _days_in_order = models.Constraint(
        "CHECK (date_from <= date_to)", "The last day of a time study is not before its first."
    )
    _user_idx = models.Index("(user_id, date_from)")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("user_id", "date_from", "date_to")
    def _compute_display_name(self):
        for study in self:
            study.display_name = self.env._(
                "%(manager)s, %(days)s",
                manager=study.user_id.sudo().name or "",
                days=study._days_text(),
            )

    @api.depends("user_id")
    def _compute_team_id(self):
        for study in self:
            study.team_id = study.user_id.sudo().sale_team_id

    @api.depends("user_id", "company_id")
    def _compute_timetable_id(self):
        for study in self:
            user = study.user_id
            company = study.company_id or self.env.company
            study.timetable_id = self.env["crm.timetable"]._defaults_for(user, company).get(user)

    @api.depends("date_from")
    def _compute_date_to(self):
        for study in self:
            if study.date_from and not (study.date_to and study.date_to >= study.date_from):
                usual = timedelta(days=_USUAL_DAYS - 1)
                study.date_to = min(study.date_from, date.max - usual) + usual

    @api.depends("entry_ids.minutes")
    def _compute_hours(self):
        totals = dict(
            self.env["crm.time.study.entry"]._read_group(
                [("study_id", "in", self.ids)], ["study_id"], ["minutes:sum"]
            )
        )
        for study in self:
            study.hours = totals.get(study._origin, 0) / 60

    @api.constrains("user_id", "date_from", "date_to", "state")
    def _check_days(self):
        for study in self.filtered(lambda s: s.state != "cancelled"):
            if (study.date_to - study.date_from).days >= _MOST_DAYS:
                raise ValidationError(
                    self.env._(
                        "A time study lasts a week at most: nobody notes every minute for longer. "
                        "Two or three days show enough."
                    )
                )
            # Of whichever team, company and head the other study is: a manager has but one time.
            other = self.sudo().search_count(
                [
                    ("id", "!=", study.id),
                    ("user_id", "=", study.user_id.id),
                    ("state", "!=", "cancelled"),
                    ("date_from", "<=", study.date_to),
                    ("date_to", ">=", study.date_from),
                ],
                limit=1,
            )
            if other:
                raise ValidationError(
                    self.env._(
                        "%(manager)s notes their time for another study on some of these days. "
                        "Choose other days.",
                        manager=study.user_id.sudo().name,
                    )
                )

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # The activity tells the manager.
        quiet = self.with_context(mail_auto_subscribe_no_notify=True)
        studies = super(CrmTimeStudy, quiet).create(vals_list).with_env(self.env)
        self.env["crm.timetable"]._check_may_plan(studies.user_id)
        studies.filtered(lambda study: study.state in _OPEN)._ask()
        return studies

    def write(self, vals):
        if not _OF_THE_HEAD.isdisjoint(vals):
            self._check_is_head()
        result = super(CrmTimeStudy, self.with_context(mail_auto_subscribe_no_notify=True)).write(
            vals
        )
        if "user_id" in vals:
            self.env["crm.timetable"]._check_may_plan(self.user_id)
            self._withdraw_activities()
            self.filtered(lambda study: study.state in _OPEN)._ask()
        return result

    def _check_is_head(self):
        """Only who asked, or heads the manager, may change what is asked."""
        if self.env.su:
            return
        user = self.env.user
        own = self.filtered(lambda study: study.asked_by_id != user and study.user_id == user)
        if own and not user.has_group("sales_team.group_sale_salesman_all_leads"):
            raise AccessError(
                self.env._("Only the head who asked for a time study may change what it asks for.")
            )

    # -- actions ------------------------------------------------------------------------------

    def action_finish(self):
        """Finish the study; what is still running stops now. The head is told."""
        self._check_state(*_OPEN)
        now = fields.Datetime.now()
        self.sudo()._finish(now)

    def action_cancel(self):
        """Cancel the study; its notes stay."""
        self._check_is_head()
        self._check_state(*_OPEN)
        self.sudo()._stop_running(fields.Datetime.now())
        self.sudo().state = "cancelled"
        self.sudo()._withdraw_activities()

    def action_reopen(self):
        """Open a study again: to correct its notes, or to go on."""
        self._check_is_head()
        self._check_state("done", "cancelled")
        self.sudo().write({"state": "running", "finished_at": False, "plan": False})

    def _check_state(self, *states):
        self.check_access("write")
        names = dict(self._fields["state"]._description_selection(self.env))
        for study in self:
            if study.state not in states:
                raise UserError(
                    self.env._(
                        "%(study)s is not open to this: its status is “%(state)s”.",
                        study=study.display_name,
                        state=names[study.state],
                    )
                )

    # -- business -----------------------------------------------------------------------------

    def _days_text(self):
        """The days of the study, in a sentence."""
        self.ensure_one()
        if not self.date_from or not self.date_to:
            return ""
        first = format_date(self.env, self.date_from)
        if self.date_from == self.date_to:
            return first
        return self.env._(
            "%(first)s – %(last)s", first=first, last=format_date(self.env, self.date_to)
        )

    def _finish(self, moment):
        self._stop_running(moment)
        for study in self:
            study.write({"state": "done", "finished_at": moment})
            planned = study._planned()
            study.plan = {"minutes": {str(kind.id): planned[kind] for kind in planned}}
        self._withdraw_activities()
        self._tell_head()

    def _ask(self):
        """The manager finds it among their activities, too."""
        for study in self.filtered(lambda s: s.user_id != self.env.user):
            lang = study.sudo().user_id.lang
            translated = study.with_context(lang=lang, mail_activity_quick_update=True)
            translated.sudo().activity_schedule(
                "mail.mail_activity_data_todo",
                study.date_from,
                summary=translated.env._("Note where your time goes"),
                note=translated.env._(
                    "Open Contacts > Working Time > My Working Day on your phone, %(days)s, and "
                    "tap what you begin with.",
                    days=translated._days_text(),
                ),
                user_id=study.user_id.id,
            )

    def _withdraw_activities(self):
        self.sudo().activity_unlink(["mail.mail_activity_data_todo"])

    def _tell_head(self):
        for study in self.filtered(lambda s: s.asked_by_id not in (s.user_id, self.env.user)):
            lang = study.asked_by_id.lang
            translated = study.with_context(lang=lang, mail_activity_quick_update=True)
            translated.activity_schedule(
                "mail.mail_activity_data_todo",
                study.company_id._funnel_today(),
                summary=translated.env._("See where the time went"),
                user_id=study.asked_by_id.id,
            )
