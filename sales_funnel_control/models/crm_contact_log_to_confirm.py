import logging
from datetime import timedelta

from psycopg2.errors import UniqueViolation

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .crm_contact_log_entry import _MEETINGS, _TALKS

_logger = logging.getLogger(__name__)

_BATCH = 200
_LOOK_BACK = timedelta(days=14)


class CrmContactLog(models.Model):
    """Calls and meetings that Odoo knows of wait to be confirmed, so that nobody types twice."""

    _inherit = "crm.contact.log"

    # -- actions ------------------------------------------------------------------------------

    @api.model
    def action_to_confirm(self):
        """Open what waits to be confirmed, meetings that have just ended included.

        :return: window action
        """
        self.sudo()._await_meetings(self.sudo()._finished_meetings(self.env.user))
        return self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_contact_log_action_to_confirm"
        )

    def action_confirm(self):
        """The contact took place as it stands there."""
        self.filtered(lambda log: log.state != "done").write({"state": "done"})
        return {"type": "ir.actions.act_window_close"}

    def action_dismiss(self):
        """The contact did not take place: it is not asked about again.

        :raise UserError: where it is logged already
        """
        if any(log.state == "done" for log in self):
            raise UserError(
                self.env._("This contact is logged. Delete it if it did not take place.")
            )
        self.write({"state": "dismissed"})
        return {"type": "ir.actions.act_window_close"}

    # -- activities ---------------------------------------------------------------------------

    @api.model
    def _await_activities(self, activities, feedback):
        """Let activities that were done wait to be confirmed. Once each.

        :param activities: ``mail.activity``, done just now
        :param feedback: what was said when they were done
        """
        known = self.search([("activity_id", "in", activities.ids)]).activity_id
        meetings = self._logged_meetings(activities.calendar_event_id)
        vals_list = [
            {
                **self._values_of_activity(activity, activity._contact_user()),
                "activity_id": activity.id,
                "result": " ".join((feedback or "").split()) or False,
            }
            for activity in activities - known
            if (activity.calendar_event_id, activity._contact_user()) not in meetings
        ]
        self._await_confirmation(vals_list)

    # -- meetings -----------------------------------------------------------------------------

    @api.model
    def _cron_gather_meetings(self):
        """Every half hour: let meetings that have ended wait to be confirmed. Can be resumed."""
        cron = self.env["ir.cron"]
        events = self._finished_meetings()
        for start in range(0, len(events), _BATCH):
            batch = events[start : start + _BATCH]
            self._await_meetings(batch)
            remaining = len(events) - start - len(batch)
            if not cron._commit_progress(len(batch), remaining=remaining):
                return

    @api.model
    def _finished_meetings(self, user=None):
        """Meetings with a client that have ended these days.

        :param user: of this manager only
        """
        now = fields.Datetime.now()
        domain = (
            Domain("stop", "<=", now)
            & Domain("stop", ">", now - _LOOK_BACK)
            & Domain("is_contact_dropped", "!=", True)
            # A whole day is an absence or a fair, if it is not about a deal.
            & (Domain("allday", "=", False) | Domain("opportunity_id", "!=", False))
            & (
                Domain("opportunity_id", "!=", False)
                | Domain("res_model", "=", "crm.lead")
                | Domain("partner_ids.partner_share", "=", True)
            )
        )
        if user:
            domain &= Domain("user_id", "=", user.id) | Domain(
                "partner_ids", "in", user.partner_id.ids
            )
        return self.env["calendar.event"].search(domain, order="id")

    @api.model
    def _await_meetings(self, events):
        """Let meetings wait to be confirmed, by each manager who was there. Once each."""
        logged = self._logged_meetings(events)
        self._await_confirmation(
            [
                {**self._values_of_event(event, user), "event_id": event.id}
                for event in events.filtered(lambda event: event._is_with_client())
                for user in event._contact_managers()
                if (event, user) not in logged
            ]
        )

    def _logged_meetings(self, events):
        logs = self.search([("event_id", "in", events.ids)])
        return {(log.event_id, log.user_id) for log in logs}

    # -- common -------------------------------------------------------------------------------

    @api.model
    def _await_confirmation(self, vals_list):
        """Keep contacts to be confirmed, but for those that were logged by hand already."""
        by_company = {}
        for vals in self._suggest_visits(self._not_typed_already(vals_list)):
            lead = self.env["crm.lead"].browse(vals.get("lead_id"))
            user = self.env["res.users"].browse(vals["user_id"])
            waiting = {"contact_id": self._guess_person(vals, lead).id, **vals}
            waiting["state"] = "to_confirm"
            by_company.setdefault(lead.company_id or user.company_id, []).append(waiting)
        for company, waiting in by_company.items():
            self.with_company(company)._create_each(waiting)

    @api.model
    def _create_each(self, vals_list):
        """Create the contacts, but for those that somebody else gathered meanwhile."""
        try:
            with self.env.cr.savepoint():
                self.create(vals_list)
        except UniqueViolation:
            if len(vals_list) == 1:
                _logger.info("A contact to be confirmed was gathered by somebody else meanwhile.")
                return
            for vals in vals_list:
                self._create_each([vals])

    def _guess_person(self, vals, lead):
        """Whom a contact to be confirmed was with, where nothing says so."""
        client = self.env["res.partner"].browse(vals.get("partner_id")) or lead.partner_id
        if vals.get("contact_id"):
            return client.browse(vals["contact_id"])
        return self._likely_person(lead, client.commercial_partner_id)

    @api.model
    def _not_typed_already(self, vals_list):
        """Link what the manager logged by hand that day; return what is left."""
        if not vals_list:
            return vals_list
        dates = [vals.get("date") or fields.Datetime.now() for vals in vals_list]
        typed = self.search(
            [
                ("user_id", "in", [vals["user_id"] for vals in vals_list]),
                ("state", "=", "done"),
                ("activity_id", "=", False),
                ("event_id", "=", False),
                ("message_id", "=", False),
                ("date", ">", min(dates) - timedelta(days=1)),
                ("date", "<", max(dates) + timedelta(days=1)),
            ],
            order="date, id",
        )
        left = []
        for vals, date in zip(vals_list, dates, strict=True):
            same = typed.filtered(lambda log, v=vals, d=date: log._is_same_contact(v, d))[:1]
            if same:
                typed -= same
                same.write(
                    {name: vals[name] for name in ("activity_id", "event_id") if name in vals}
                )
            else:
                left.append(vals)
        return left

    def _is_same_contact(self, vals, date):
        """Whether this is what ``vals`` are about: manager, client, day and kind are the same."""
        alike = next((kinds for kinds in (_MEETINGS, _TALKS) if vals["kind"] in kinds), ())
        if self.user_id.id != vals["user_id"] or self.kind not in (*alike, vals["kind"]):
            return False
        if self.company_id._funnel_date(self.date) != self.company_id._funnel_date(date):
            return False
        if vals.get("lead_id") and self.lead_id:
            return self.lead_id.id == vals["lead_id"]
        person = self.env["res.partner"].browse(vals.get("contact_id") or vals.get("partner_id"))
        client = person or self.env["crm.lead"].browse(vals.get("lead_id")).partner_id
        return (
            bool(client) and client.commercial_partner_id == self.partner_id.commercial_partner_id
        )
