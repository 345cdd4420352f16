import logging
from itertools import pairwise

import pytz
from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import format_date

from ..tools.outside import as_id

_logger = logging.getLogger(__name__)

QUARTER = 15
_EVENING = 18 * 60


class CrmTimeStudy(models.Model):
    """The clock of a time study: one tap begins an activity and stops the one before."""

    _inherit = "crm.time.study"

    # -- what the screen shows ----------------------------------------------------------------

    @api.model
    @api.readonly
    def get_my_day(self):
        """The current user's working day, ready to be shown on a phone.

        :return: dict: ``study`` (or False) with its days and purpose, ``running``, ``kinds`` to
            tap, ``notes`` of the day, ``total``, what the timetable says ``now``, and
            ``upcoming``: a sentence where no study is of today
        """
        study = self._mine()
        if not study:
            return {"study": False, "upcoming": self._upcoming_text()}
        today = study.company_id._funnel_today()
        now = fields.Datetime.now()
        entries = study.entry_ids.filtered(lambda entry: entry.day == today)
        running = entries.filtered(lambda entry: entry.start and not entry.stop)[:1]
        minutes = {entry: entry._minutes_so_far(now) for entry in entries}
        kinds = self.env["crm.time.kind"].search(Domain.TRUE)
        spent = {
            kind: sum(minutes[entry] for entry in entries if entry.kind_id == kind)
            for kind in kinds | entries.kind_id
        }
        text = self.env["crm.time.kind"]._duration_text
        return {
            "study": {
                "id": study.id,
                "days": study._days_text(),
                "today": format_date(self.env, today),
                "purpose": study.purpose or "",
                "is_last_day": today >= study.date_to,
            },
            "running": running._as_running(text(minutes[running])) if running else False,
            "kinds": [
                {
                    "id": kind.id,
                    "name": kind.name,
                    "icon": kind.icon or "",
                    "color": kind.color,
                    "total": text(total) if total else "",
                    "is_running": kind == running.kind_id,
                }
                for kind, total in spent.items()
            ],
            "notes": [entry._as_note(minutes[entry]) for entry in reversed(entries)],
            "total": text(sum(minutes.values())),
            "now": study._block_text(now),
            "upcoming": "",
        }

    # -- what a tap does ----------------------------------------------------------------------

    @api.model
    def start_kind(self, kind_id):
        """Begin an activity now; the one under way stops. A second tap changes nothing.

        :param int kind_id: ``crm.time.kind``
        :return: :meth:`get_my_day`
        """
        study = self._mine_to_note()
        kind = self._kind(kind_id)
        now = fields.Datetime.now()
        running = study._running()
        if running.kind_id != kind:
            running.stop = now
            study._begin(kind, now)
        return self.get_my_day()

    @api.model
    def stop_kind(self):
        """Stop the activity under way: a break, or the end of the day.

        :return: :meth:`get_my_day`
        """
        self._mine_to_note()._stop_running(fields.Datetime.now())
        return self.get_my_day()

    @api.model
    def add_quarter(self, kind_id):
        """Note 15 minutes of an activity that nobody tapped at its time. If another one has been
        under way for so long, they are taken off it: the day does not grow longer.

        :param int kind_id: ``crm.time.kind``
        :return: :meth:`get_my_day`
        """
        study = self._mine_to_note()
        kind = self._kind(kind_id)
        running = study._running()
        values = {
            "study_id": study.id,
            "kind_id": kind.id,
            "day": study.company_id._funnel_today(),
            "minutes": QUARTER,
        }
        if running and running.kind_id != kind:
            lasted = running._minutes_until(fields.Datetime.now())
            if lasted >= QUARTER:
                running.minutes_off += QUARTER
                values["taken_from_id"] = running.id
        self.env["crm.time.study.entry"].create(values)
        study._set_under_way()
        return self.get_my_day()

    @api.model
    def remove_note(self, entry_id):
        """Take back minutes that were added by mistake.

        :param int entry_id: a note of the user's own study without a beginning
        :return: :meth:`get_my_day`
        """
        study = self._mine_to_note()
        study.entry_ids.filtered(lambda entry: entry.id == entry_id and not entry.start).unlink()
        return self.get_my_day()

    @api.model
    def set_note(self, entry_id, note):
        """Write a word on what the user did.

        :param int entry_id: a note of the user's own study
        :return: :meth:`get_my_day`
        """
        study = self._mine_to_note()
        study.entry_ids.filtered(lambda entry: entry.id == entry_id).note = note
        return self.get_my_day()

    # -- business -----------------------------------------------------------------------------

    @api.model
    def _mine(self):
        """The open study of the current user that has today, in its company, among its days."""
        studies = self.search(
            [("user_id", "=", self.env.uid), ("state", "in", ("asked", "running"))],
            order="date_from",
        )
        return studies.filtered(
            lambda study: study.date_from <= study.company_id._funnel_today() <= study.date_to
        )[:1]

    @api.model
    def _mine_to_note(self):
        study = self._mine()
        if not study:
            raise UserError(self._upcoming_text())
        study._close_forgotten()
        return study

    @api.model
    def _kind(self, kind_id):
        kind = self.env["crm.time.kind"].search([("id", "=", as_id(kind_id))])
        if not kind:
            raise UserError(
                self.env._("This activity does not exist any more. Reload and choose another one.")
            )
        return kind

    @api.model
    def _upcoming_text(self):
        coming = self.search(
            [("user_id", "=", self.env.uid), ("state", "in", ("asked", "running"))],
            order="date_from",
        ).filtered(lambda study: study.date_from > study.company_id._funnel_today())[:1]
        if coming:
            return self.env._(
                "Your time study is of %(days)s. Come back then.", days=coming._days_text()
            )
        return self.env._(
            "Nobody studies your time today. The head of sales starts a time study under "
            "Contacts > Working Time > Time Studies."
        )

    def _begin(self, kind, moment):
        self.ensure_one()
        values = {"study_id": self.id, "kind_id": kind.id, "start": moment}
        try:
            with self.env.cr.savepoint():
                self.env["crm.time.study.entry"].create(values)
        except UniqueViolation as error:
            # Two taps at the same moment, on two devices for instance: the request is tried again.
            raise ConcurrencyError("Another activity was begun at the same moment.") from error
        self._set_under_way()

    def _set_under_way(self):
        asked = self.filtered(lambda study: study.state == "asked")
        asked.sudo().state = "running"

    def _running(self):
        return self.entry_ids.filtered(lambda entry: entry.start and not entry.stop)

    def _stop_running(self, moment):
        """Stop what is under way at a moment; what was forgotten ends with its working day."""
        self._close_forgotten()
        self._running().stop = moment

    def _close_forgotten(self):
        for entry in self._running().filtered(lambda entry: entry._is_forgotten()):
            entry.write({"stop": entry._evening(), "is_closed_by_system": True})

    def _check_overlap(self):
        """Nobody does two things at once."""
        self.ensure_one()
        timed = self.entry_ids.filtered("start").sorted("start")
        for one, other in pairwise(timed):
            if not one.stop or one.stop > other.start:
                raise ValidationError(
                    self.env._(
                        "%(one)s (from %(one_start)s) and %(other)s (from %(other_start)s) "
                        "overlap. Correct one of them.",
                        one=one.kind_id.name,
                        one_start=f"{one._local(one.start):%H:%M}",
                        other=other.kind_id.name,
                        other_start=f"{other._local(other.start):%H:%M}",
                    )
                )

    def _block_text(self, moment):
        """What the timetable says for a moment (naive UTC)."""
        self.ensure_one()
        local = pytz.utc.localize(moment).astimezone(pytz.timezone(self.company_id.funnel_tz))
        minutes = local.hour * 60 + local.minute
        for block in self.timetable_id.block_ids:
            if int(block.weekday) == local.weekday() and (
                block._minute_from() <= minutes < block._minute_to()
            ):
                return self.env._("By the timetable: %(block)s", block=block._label())
        return ""

    @api.model
    def _cron_close(self):
        """Hourly: stop what was forgotten, finish the studies whose days are over."""
        cron = self.env["ir.cron"]
        studies = self.search([("state", "in", ("asked", "running"))])
        for number, study in enumerate(studies, start=1):
            try:
                with self.env.cr.savepoint():
                    study._close_what_is_over()
            except Exception as error:
                # Whatever is wrong with one study, the others of the hour are closed.
                _logger.warning("Time study %s cannot be closed: %s", study.id, error)
            if not cron._commit_progress(1, remaining=len(studies) - number):
                return

    def _close_what_is_over(self):
        self._close_forgotten()
        if self.date_to < self.company_id._funnel_today():
            self._finish(fields.Datetime.now())


class CrmTimeStudyEntry(models.Model):
    _inherit = "crm.time.study.entry"

    def _evening(self):
        """When the working day of a forgotten note ended (naive UTC): with the last block of the
        timetable. What began later has no known end and gets no time.
        """
        self.ensure_one()
        timetable = self.study_id.timetable_id
        blocks = timetable.block_ids.filtered(lambda b: int(b.weekday) == self.day.weekday())
        minutes = max((block._minute_to() for block in blocks), default=_EVENING)
        zone = pytz.timezone(self.company_id.funnel_tz)
        return max(timetable._moment(zone, self.day, minutes), self.start)

    def _minutes_so_far(self, now):
        """Minutes of the note, also while it is under way or forgotten."""
        self.ensure_one()
        if not self.start or self.stop:
            return self.minutes
        return self._minutes_until(self._evening() if self._is_forgotten() else now)

    def _as_running(self, duration):
        """What is under way, as the screen of the day shows it."""
        self.ensure_one()
        return {
            "id": self.id,
            "kind_id": self.kind_id.id,
            "name": self.kind_id.name,
            "icon": self.kind_id.icon or "",
            "since": f"{self._local(self.start):%H:%M}",
            "duration": duration,
            "note": self.note or "",
        }

    def _as_note(self, minutes):
        """The note as the screen of the day shows it."""
        self.ensure_one()
        span = ""
        if self.start:
            end = f"{self._local(self.stop):%H:%M}" if self.stop else ""
            span = f"{self._local(self.start):%H:%M}–{end}"
        return {
            "id": self.id,
            "name": self.kind_id.name,
            "span": span,
            "duration": self.env["crm.time.kind"]._duration_text(minutes),
            "note": self.note or "",
            "is_forgotten": self.is_closed_by_system,
            "may_remove": not self.start,
        }
