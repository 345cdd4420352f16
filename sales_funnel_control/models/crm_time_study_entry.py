from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

_MINUTE = 60


class CrmTimeStudyEntry(models.Model):
    """A note of a time study: an activity from a moment to a moment, or so many minutes of it."""

    _name = "crm.time.study.entry"
    _description = "Note of a Time Study"
    _order = "day, start, id"

    study_id = fields.Many2one("crm.time.study", required=True, index=True, ondelete="cascade")
    user_id = fields.Many2one(related="study_id.user_id", store=True)
    team_id = fields.Many2one(related="study_id.team_id", store=True)
    company_id = fields.Many2one(related="study_id.company_id", store=True)
    kind_id = fields.Many2one("crm.time.kind", "Activity", required=True, ondelete="restrict")
    day = fields.Date(
        compute="_compute_day",
        store=True,
        readonly=False,
        precompute=True,
        required=True,
        help="The day in the company's sales time zone.",
    )
    start = fields.Datetime("From", help="Empty where only the minutes are known.")
    stop = fields.Datetime("To", help="Empty while it is under way.")
    minutes_off = fields.Integer(
        "Minutes Taken Off",
        help="Minutes of this time that went into something else, noted apart.",
    )
    minutes = fields.Integer(
        compute="_compute_minutes", store=True, readonly=False, precompute=True, aggregator="sum"
    )
    note = fields.Char()
    taken_from_id = fields.Many2one(
        "crm.time.study.entry",
        readonly=True,
        ondelete="set null",
        help="The note these minutes were taken off.",
    )
    is_closed_by_system = fields.Boolean(
        "Forgotten",
        readonly=True,
        help="Nobody stopped it: it was taken to end with the working day.",
    )

    _stop_after_start = models.Constraint(
        "CHECK (start IS NULL AND stop IS NULL OR stop IS NULL OR start <= stop)",
        "It ends after it begins.",
    )
    _minutes_not_negative = models.Constraint(
        "CHECK (minutes >= 0 AND minutes_off >= 0 AND minutes <= 1440)",
        "The minutes of a note are between 0 and those of a day.",
    )
    _one_running = models.UniqueIndex(
        "(user_id) WHERE start IS NOT NULL AND stop IS NULL",
        "Only one activity can be under way. Stop the other one first.",
    )

    # -- computes -----------------------------------------------------------------------------

    @api.depends("start", "study_id")
    def _compute_day(self):
        for entry in self:
            company = entry.study_id.company_id or self.env.company
            if entry.start:
                entry.day = company._funnel_date(entry.start)
            else:
                entry.day = entry.day or entry.study_id.date_from

    @api.depends("start", "stop", "minutes_off")
    def _compute_minutes(self):
        for entry in self:
            if entry.start:
                entry.minutes = entry._minutes_until(entry.stop) if entry.stop else 0

    @api.constrains("study_id", "day", "start", "stop")
    def _check_times(self):
        for entry in self:
            study = entry.study_id
            if not study.date_from <= entry.day <= study.date_to:
                raise ValidationError(
                    self.env._(
                        "This time study is of %(days)s; other days are not noted.",
                        days=study._days_text(),
                    )
                )
            if entry.stop and not entry.start:
                raise ValidationError(self.env._("Say when it began, too, or only the minutes."))
            if entry.stop and entry.stop > entry._midnight():
                raise ValidationError(
                    self.env._("A note ends on the day it begins. Split it at midnight.")
                )
        for study in self.study_id:
            study._check_overlap()

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries._check_open()
        return entries

    def write(self, vals):
        self._check_open()
        result = super().write(vals)
        if "study_id" in vals:
            self._check_open()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_from_open_study(self):
        self._check_open()

    def unlink(self):
        """Minutes that were taken off another note are given back."""
        for entry in self.filtered("taken_from_id"):
            source = entry.taken_from_id
            source.minutes_off = max(source.minutes_off - entry.minutes, 0)
        return super().unlink()

    def _check_open(self):
        for study in self.study_id:
            if study.state in ("done", "cancelled"):
                raise UserError(
                    self.env._(
                        "%(study)s is over: its notes are kept as they are. The head may open it "
                        "again.",
                        study=study.display_name,
                    )
                )

    # -- business -----------------------------------------------------------------------------

    def _minutes_until(self, moment):
        """Whole minutes until a moment. Moments are cut to the minute, so that notes that follow
        each other add up to the time that passed.
        """
        self.ensure_one()
        begun, ended = (
            each.replace(second=0, microsecond=0) for each in (self.start, max(moment, self.start))
        )
        return max(int((ended - begun).total_seconds() // _MINUTE) - self.minutes_off, 0)

    def _midnight(self):
        """The end of the entry's day, as a moment (naive UTC)."""
        zone = pytz.timezone(self.company_id.funnel_tz)
        local = datetime.combine(self.day + timedelta(days=1), time.min)
        return zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    def _local(self, moment):
        """A moment (naive UTC) on the clock of the company's sales time zone."""
        zone = pytz.timezone(self.company_id.funnel_tz)
        return pytz.utc.localize(moment).astimezone(zone)

    def _is_forgotten(self):
        """Under way though its day is over."""
        self.ensure_one()
        return bool(self.start and not self.stop and self.day < self.company_id._funnel_today())
