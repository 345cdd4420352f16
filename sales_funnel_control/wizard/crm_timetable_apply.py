from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

_LAST_WEEKDAY = 6
_WEEKS_AHEAD = 3
_MOST_WEEKS = 53
# Planning more than so many weeks of managers takes too long to be done on every change.
_MOST_TO_PREVIEW = 8 * 5


class CrmTimetableApply(models.TransientModel):
    """Put a weekly timetable into the calendars of managers, or take it out again."""

    _name = "crm.timetable.apply"
    _description = "Apply a Timetable"

    @api.model
    def _default_user_ids(self):
        """The team of who leads one, in the role of the timetable; oneself for anybody else."""
        timetable = self.env["crm.timetable"].browse(self.env.context.get("default_timetable_id"))
        members = self.env["crm.team.member"].sudo()
        led = members.search(
            [
                ("crm_team_id.user_id", "=", self.env.uid),
                ("user_id.company_ids", "in", self.env.company.ids),
            ]
        ).filtered(lambda member: timetable.sales_role in (False, member.sales_role))
        return led.user_id.with_env(self.env) or self.env.user

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    timetable_id = fields.Many2one(
        "crm.timetable",
        domain="[('company_id', 'in', [False, company_id])]",
        help="Empty: every manager gets the timetable of their role.",
    )
    user_ids = fields.Many2many(
        "res.users",
        string="Managers",
        required=True,
        default=lambda self: self._default_user_ids(),
    )
    allowed_user_ids = fields.Many2many("res.users", compute="_compute_allowed_user_ids")
    date_from = fields.Date(
        "From the Week of",
        required=True,
        default=lambda self: self.env.company._funnel_today(),
        help="Whole weeks are filled, from Monday on.",
    )
    date_to = fields.Date(
        "To the Week of",
        required=True,
        default=lambda self: self.env.company._funnel_today() + timedelta(weeks=_WEEKS_AHEAD),
    )
    preview = fields.Text(compute="_compute_preview")

    @api.depends("company_id")
    def _compute_allowed_user_ids(self):
        domain = self.env["crm.timetable"]._managers_domain()
        allowed = self.env["res.users"].search(domain)
        for wizard in self:
            wizard.allowed_user_ids = allowed.filtered(
                lambda user, wizard=wizard: wizard.company_id in user.sudo().company_ids
            )

    @api.depends("company_id", "timetable_id", "user_ids", "date_from", "date_to")
    def _compute_preview(self):
        for wizard in self:
            try:
                wizard.preview = wizard._preview()
            except UserError as error:
                wizard.preview = str(error)

    # -- actions ------------------------------------------------------------------------------

    def action_apply(self):
        """Put the timetable into the calendars.

        :return: a notification of what was done
        """
        self.ensure_one()
        changes = self._prepare()
        text = self._preview_text(changes)
        self.env["crm.timetable"]._carry_out(changes)
        return self._tell(self.env._("The timetable is in the calendar"), text)

    def action_remove(self):
        """Take what timetables put there out of the calendars, from the first week on.

        :return: a notification of how many events that were
        """
        self.ensure_one()
        self._check_users()
        monday, _sunday = self._weeks()
        count = self.env["crm.timetable"]._remove(self._users(), monday)
        return self._tell(
            self.env._("The timetable is out of the calendar"),
            self.env._(
                "%(count)s events removed. Past ones and those changed by hand stay.",
                count=count,
            ),
        )

    def _tell(self, title, message):
        following = {"type": "ir.actions.act_window_close"}
        if self._users() == self.env.user:
            calendar = self.env["ir.actions.actions"]._for_xml_id("calendar.action_calendar_event")
            following = {**calendar, "context": {"initial_date": self._weeks()[0].isoformat()}}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "success", "title": title, "message": message, "next": following},
        }

    # -- business -----------------------------------------------------------------------------

    def _users(self):
        return self.user_ids._origin

    def _weeks(self):
        """First and last day of the weeks chosen: a Monday and a Sunday."""
        monday = self.date_from - timedelta(days=self.date_from.weekday())
        return monday, self.date_to + timedelta(days=_LAST_WEEKDAY - self.date_to.weekday())

    def _check_users(self):
        if not self.user_ids:
            raise UserError(self.env._("Choose at least one manager."))
        self.env["crm.timetable"]._check_may_plan(self._users())

    def _check_weeks(self):
        if not self.date_from or not self.date_to:
            raise UserError(self.env._("Choose the first and the last week."))
        monday, sunday = self._weeks()
        if sunday < monday:
            raise UserError(self.env._("The last week is before the first one."))
        if (sunday - monday).days >= 7 * _MOST_WEEKS:
            raise UserError(
                self.env._("A timetable is applied to %(weeks)s weeks at most.", weeks=_MOST_WEEKS)
            )

    def _prepare(self):
        """What applying would do. Raises where it cannot be applied."""
        return self.env["crm.timetable"]._changes(
            self._checked_timetables(), *self._weeks(), self.company_id
        )

    def _checked_timetables(self):
        self.ensure_one()
        self._check_users()
        self._check_weeks()
        timetables = self._timetables()
        without = [user.name for user, timetable in timetables.items() if not timetable.block_ids]
        if without:
            raise UserError(
                self.env._(
                    "There is no timetable with blocks for %(managers)s. Choose one.",
                    managers=", ".join(without),
                )
            )
        return timetables

    def _timetables(self):
        if self.timetable_id:
            return dict.fromkeys(self._users(), self.timetable_id._origin)
        return self.env["crm.timetable"]._defaults_for(self._users(), self.company_id)

    def _preview(self):
        """What applying would do or, where that is much, for how many it would be done."""
        managers = len(self._checked_timetables())
        monday, sunday = self._weeks()
        weeks = ((sunday - monday).days + 1) // 7
        if managers * weeks <= _MOST_TO_PREVIEW:
            return self._preview_text(self._prepare())
        return self.env._(
            "%(span)s Managers: %(managers)s, weeks: %(weeks)s. How many blocks that makes is "
            "counted when the timetable is put into the calendar.",
            span=self._span_text(),
            managers=managers,
            weeks=weeks,
        )

    def _span_text(self):
        monday, sunday = self._weeks()
        return self.env._(
            "%(first)s – %(last)s.",
            first=format_date(self.env, monday),
            last=format_date(self.env, sunday),
        )

    def _preview_text(self, changes):
        parts = [
            self.env._("New blocks: %(count)s.", count=len(changes.to_create)),
            changes.to_move
            and self.env._("Moved or renamed: %(count)s.", count=len(changes.to_move)),
            changes.to_remove and self.env._("Removed: %(count)s.", count=len(changes.to_remove)),
            changes.kept
            and self.env._("Kept, as they were changed by hand: %(count)s.", count=changes.kept),
        ]
        if not (changes.to_create or changes.to_move or changes.to_remove):
            parts[0] = self.env._("The calendar is as the timetable says: there is nothing to do.")
        return " ".join([self._span_text(), *filter(None, parts)])
