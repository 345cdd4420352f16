from typing import NamedTuple

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.fields import Command
from odoo.tools import split_every

_BATCH = 1000
# Nobody is invited, mailed or reminded: people are told by whoever plans their time.
_QUIET = {
    "dont_notify": True,
    "from_timetable": True,
    "is_calendar_event_new": True,
    "mail_create_nosubscribe": True,
    "no_mail_to_attendees": True,
    "skip_attendee_notification": True,
    "skip_contact_description": True,
    "tracking_disable": True,
}


class Changes(NamedTuple):
    """What applying timetables does to calendars."""

    to_create: list
    to_move: dict
    to_remove: models.BaseModel
    kept: int


class CrmTimetable(models.Model):
    """Timetables in the calendars of managers."""

    _inherit = "crm.timetable"

    @api.model
    def _changes(self, timetables, date_from, date_to, company):
        """What is to be done so that calendars show the timetables.

        Past events stay, and those a manager changed by hand. What another timetable put into the
        same days is replaced. A past day with events of a timetable gets no others.

        :param dict timetables: ``{user: timetable}``
        :rtype: Changes
        """
        now = fields.Datetime.now()
        today = company._funnel_today()
        wanted = self._wanted(timetables, date_from, date_to, company)
        existing = self._events(list(timetables), date_from, date_to)
        to_move, to_remove, kept = {}, existing.browse(), 0
        lived = {(event.user_id.id, event.timetable_date) for event in existing}
        for event in existing:
            key = (event.user_id.id, event.time_block_id.id, event.timetable_date)
            values = wanted.pop(key, None)
            if event.is_timetable_changed:
                kept += 1
            elif event.start <= now:
                continue
            elif values is None:
                to_remove |= event
            elif differing := {
                name: values[name]
                for name in ("name", "start", "stop", "show_as")
                if event[name] != values[name]
            }:
                to_move[event] = differing
        to_create = [
            values
            for (user_id, _block, day), values in wanted.items()
            if day >= today or (user_id, day) not in lived
        ]
        return Changes(to_create, to_move, to_remove, kept)

    @api.model
    def _wanted(self, timetables, date_from, date_to, company):
        """Values of the events there should be, by user, block and day."""
        wanted = {}
        groups = {}
        for user, timetable in timetables.items():
            groups.setdefault(timetable, self.env["res.users"])
            groups[timetable] |= user
        for timetable, users in groups.items():
            for user, occurrences in timetable._occurrences(
                users, date_from, date_to, company
            ).items():
                partner = user.sudo().partner_id
                names = {
                    block: block.display_name
                    for block in timetable.block_ids.with_context(lang=user.sudo().lang)
                }
                for block, day, start, stop in occurrences:
                    wanted[user.id, block.id, day] = {
                        "name": names[block],
                        "start": start,
                        "stop": stop,
                        "allday": False,
                        "show_as": block.kind_id.show_as,
                        "user_id": user.id,
                        "partner_ids": [Command.set(partner.ids)],
                        "attendee_ids": [
                            Command.create({"partner_id": partner.id, "state": "accepted"})
                        ],
                        "activity_ids": [],
                        "alarm_ids": [],
                        "time_block_id": block.id,
                        "timetable_date": day,
                    }
        return wanted

    @api.model
    def _events(self, users, date_from, date_to=None):
        """Events of timetables, those archived by hand included."""
        domain = [
            ("user_id", "in", [user.id for user in users]),
            ("timetable_date", ">=", date_from),
        ]
        if date_to:
            domain.append(("timetable_date", "<=", date_to))
        events = self.env["calendar.event"].sudo().with_context(active_test=False)
        return events.search(domain, order="id")

    @api.model
    def _carry_out(self, changes):
        """Bring the calendars up to date.

        :raise ConcurrencyError: somebody else applied a timetable at the same moment; the request
            is tried again and finds what they did
        """
        Event = self.env["calendar.event"].sudo().with_context(**_QUIET)
        changes.to_remove.with_context(**_QUIET).unlink()
        alike = {}
        for event, values in changes.to_move.items():
            alike.setdefault(tuple(values.items()), Event.browse())
            alike[tuple(values.items())] |= event.with_env(Event.env)
        for values, events in alike.items():
            events.write(dict(values))
        self._accept([event.id for event in changes.to_move])
        try:
            with self.env.cr.savepoint():
                for vals_list in split_every(_BATCH, changes.to_create, list):
                    Event.create(vals_list)
                    self.env.flush_all()
                    # A year of a team is many thousands of events.
                    self.env.invalidate_all()
        except UniqueViolation as error:
            raise ConcurrencyError(
                "The same timetable is being applied by somebody else."
            ) from error

    @api.model
    def _accept(self, event_ids):
        """The owner need not accept their own block again when it is moved."""
        self.env["calendar.attendee"].sudo().search(
            [("event_id", "in", event_ids), ("state", "!=", "accepted")]
        ).filtered(lambda attendee: attendee.partner_id == attendee.event_id.partner_id).write(
            {"state": "accepted"}
        )

    @api.model
    def _removable(self, users, date_from):
        """Events of timetables from a day on that are still to come and that nobody changed."""
        now = fields.Datetime.now()
        return self._events(users, date_from).filtered(
            lambda event: event.start > now and not event.is_timetable_changed
        )

    @api.model
    def _remove(self, users, date_from):
        """Take timetables out of calendars.

        :return: how many events were removed
        """
        events = self._removable(users, date_from)
        count = len(events)
        events.with_context(**_QUIET).unlink()
        return count

    @api.model
    def _remove_all(self):
        """Take whatever timetables planned for the time to come out of all calendars."""
        events = self.env["calendar.event"].sudo().with_context(active_test=False, **_QUIET)
        to_come = events.search(
            [
                ("timetable_date", "!=", False),
                ("is_timetable_changed", "=", False),
                ("start", ">", fields.Datetime.now()),
            ]
        )
        for batch in split_every(_BATCH, to_come.ids, events.browse):
            batch.unlink()
            self.env.flush_all()
            self.env.invalidate_all()
