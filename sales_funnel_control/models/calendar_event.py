from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

_SALESPERSON = "sales_team.group_sale_salesman"


class CalendarEvent(models.Model):
    """A meeting with a client that has ended is a contact to be confirmed."""

    _inherit = "calendar.event"

    is_contact_dropped = fields.Boolean(
        "Contact Deleted",
        readonly=True,
        copy=False,
        help="The contact of this meeting was deleted: nobody is asked about it again.",
    )

    def action_log_contact(self):
        """Log what came out of the meeting.

        :return: window action on the contact
        :raise UserError: where the meeting has not begun
        """
        self.ensure_one()
        if self.start > fields.Datetime.now():
            raise UserError(
                self.env._("The meeting has not begun yet. Log it when it has taken place.")
            )
        logs = self.env["crm.contact.log"]
        log = logs.search([("event_id", "=", self.id), ("user_id", "=", self.env.uid)])
        return log.action_open_entry() if log else logs._entry_action({"default_event_id": self.id})

    def _drop_contact(self):
        """Do not ask about these meetings again. Calendars need not be synchronised for that."""
        if self:
            self.env.cr.execute(
                SQL(
                    "UPDATE calendar_event SET is_contact_dropped = TRUE WHERE id IN %s",
                    tuple(self.ids),
                )
            )
            self.invalidate_recordset(["is_contact_dropped"], flush=False)

    # -- who met whom -------------------------------------------------------------------------

    def _is_with_client(self):
        """Whether a manager met a client here: nothing private, nothing the client declined."""
        self.ensure_one()
        guests = self.attendee_ids.filtered("partner_id.partner_share")
        attended = guests.filtered(lambda guest: guest.state != "declined")
        return bool(
            self.effective_privacy != "private"
            and not (self.allday and self.show_as == "free")
            and (attended or not guests and self._contact_lead())
        )

    def _contact_managers(self):
        """Salespeople who took part; where only the organizer is known, the organizer."""
        self.ensure_one()
        colleagues = self.attendee_ids.filtered(lambda guest: not guest.partner_id.partner_share)
        attended = colleagues.filtered(lambda guest: guest.state != "declined")
        users = attended.partner_id.user_ids if colleagues else self.user_id
        return users.filtered(
            lambda user: user.active and not user.share and user.has_group(_SALESPERSON)
        )

    def _contact_lead(self):
        self.ensure_one()
        if self.opportunity_id or self.res_model != "crm.lead":
            return self.opportunity_id
        return self.env["crm.lead"].browse(self.res_id).exists()

    def _contact_person(self, lead):
        """Whom the manager met: a decision maker of the client before others."""
        self.ensure_one()
        attended = self.attendee_ids.filtered(lambda guest: guest.state != "declined")
        guests = attended.partner_id.filtered("partner_share")
        client = lead.partner_id.commercial_partner_id
        return guests.sorted(
            lambda guest: (
                guest.commercial_partner_id != client,
                guest.is_company,
                not guest.is_decision_maker,
                guest.id,
            )
        )[:1]
