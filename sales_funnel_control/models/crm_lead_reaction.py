from odoo import api, models
from odoo.fields import Domain


class CrmLead(models.Model):
    """When a client who turned to us first heard from us.

    The first reaction is the earliest contact that reached the client, or message that is sent to
    them, since the request. It is derived from these, so it follows when a contact is corrected.
    """

    _inherit = "crm.lead"

    # -- messages -----------------------------------------------------------------------------

    def _message_post_after_hook(self, message, msg_vals):
        result = super()._message_post_after_hook(message, msg_vals)
        lead = self.sudo()
        is_waiting = lead.channel_id and not lead.first_reaction_at
        if is_waiting and lead._is_answer(message.sudo(), lead.message_partner_ids):
            lead._set_reaction(message.date, lead._user_of(message.sudo().author_id))
        return result

    def _message_mail_after_hook(self, mails):
        """Mails to many clients at once are answers, too."""
        result = super()._message_mail_after_hook(mails)
        self.sudo()._derive_reactions()
        return result

    def _is_answer(self, message, told):
        """Whether one of us wrote to the client; notes and what the system sends are no answer.

        :param told: partners who were told of the message as followers: those of that moment,
            since a client who follows later has not read it
        """
        if not self._is_outgoing(message):
            return False
        return bool(
            message.message_type == "email_outgoing"
            or message.outgoing_email_to
            or any(partner.partner_share for partner in message.partner_ids)
            or any(partner.partner_share for partner in told)
        )

    def _is_outgoing(self, message):
        author = message.author_id
        if not author or author.partner_share or author == self.env.ref("base.partner_root"):
            return False
        is_discussion = message.subtype_id == self.env.ref("mail.mt_comment")
        return message.message_type == "email_outgoing" or (
            message.message_type in ("comment", "email")
            and is_discussion
            and not message.is_internal
        )

    def _user_of(self, partner):
        return partner.user_ids.filtered(lambda user: not user.share)[:1]

    # -- deriving -----------------------------------------------------------------------------

    def _set_reaction(self, moment, user):
        """Keep the first reaction, or that there is none.

        :param moment: naive UTC, or False
        """
        self.ensure_one()
        minutes = 0
        if moment:
            span = (self.requested_at, moment)
            channel = self.channel_id
            [minutes] = channel._calendar()._minutes_worked([span], channel.company_id)
        self.write(
            {
                "first_reaction_at": moment,
                "first_reaction_by_id": user.id if moment else False,
                "reaction_minutes": minutes,
            }
        )
        if moment and self.escalation_activity_id.active:
            self.escalation_activity_id.action_feedback(
                feedback=self.env._(
                    "%(user)s has reacted to the request.", user=user.name or self.env._("Somebody")
                )
            )

    def _derive_reactions(self, contacts_of=None):
        """Find the first reaction to each request anew.

        :param contacts_of: leads whose contacts count for all of them, e.g. those being merged;
            each lead's own by default
        """
        requests = self.filtered("channel_id")
        if not requests:
            return
        contacts = requests._first_contacts(contacts_of)
        messages = requests._first_answers()
        for lead in requests:
            moment, user = min(
                filter(None, (contacts.get(lead.id), messages.get(lead.id))),
                key=lambda reaction: reaction[0],
                default=(False, self.env["res.users"]),
            )
            kept = (lead.first_reaction_at, lead.first_reaction_by_id)
            if contacts_of or (moment, user) != kept:
                lead._set_reaction(moment, user)

    def _first_contacts(self, contacts_of):
        """``{lead id: (moment, user)}`` of the first contact since each request."""
        leads = contacts_of or self
        first = {}
        logs = self.env["crm.contact.log"].search(
            [
                ("lead_id", "in", leads.ids),
                ("state", "=", "done"),
                ("date", ">=", min(self.mapped("requested_at"))),
            ],
            order="date, id",
        )
        for log in logs.filtered(lambda log: log._reached_client()):
            for lead in self if contacts_of else log.lead_id:
                if log.date >= lead.requested_at:
                    first.setdefault(lead.id, (log.date, log.user_id))
        return first

    def _first_answers(self):
        """``{lead id: (moment, user)}`` of the first message sent since each request."""
        first = {}
        domain = (
            Domain("model", "=", "crm.lead")
            & Domain("res_id", "in", self.ids)
            & Domain("date", ">=", min(self.mapped("requested_at")))
            & Domain("message_type", "in", ("comment", "email", "email_outgoing"))
        )
        for message in self.env["mail.message"].search(domain, order="date, id"):
            lead = self.browse(message.res_id)
            if (
                lead.id not in first
                and message.date >= lead.requested_at
                and lead._is_answer(message, message.notified_partner_ids)
            ):
                first[lead.id] = (message.date, self._user_of(message.author_id))
        return first

    # -- merging ------------------------------------------------------------------------------

    def _merge_dependences(self, opportunities):
        """The client has waited since the earliest request, until the first reaction to any."""
        leads = (self | opportunities).sudo()
        requests = leads.filtered("channel_id").sorted("requested_at")
        result = super()._merge_dependences(opportunities)
        if requests:
            survivor = self.sudo()
            survivor._take_request(requests)
            survivor._derive_reactions(contacts_of=leads)
        return result

    def _take_request(self, requests):
        earliest = requests[0]
        escalated = requests.filtered("escalated_at").sorted("escalated_at")[:1]
        self.write(
            {
                "channel_id": earliest.channel_id.id,
                "requested_at": earliest.requested_at,
                "reaction_due_at": earliest.reaction_due_at,
                "escalated_at": escalated.escalated_at,
                "escalation_activity_id": escalated.escalation_activity_id.id,
            }
        )


# Whether a contact is a reaction, to which request and when, depends on these.
_REACTION_FIELDS = {
    "date",
    "is_in_person",
    "kind",
    "lead_id",
    "message_id",
    "state",
    "user_id",
}


class CrmContactLog(models.Model):
    """Contacts that reach the client are reactions to requests."""

    _inherit = "crm.contact.log"

    @api.model_create_multi
    def create(self, vals_list):
        logs = super().create(vals_list)
        logs.sudo().lead_id._derive_reactions()
        return logs

    def write(self, vals):
        if _REACTION_FIELDS.isdisjoint(vals):
            return super().write(vals)
        leads = self.sudo().lead_id
        result = super().write(vals)
        (leads | self.sudo().lead_id)._derive_reactions()
        return result

    def unlink(self):
        leads = self.sudo().lead_id
        result = super().unlink()
        leads._derive_reactions()
        return result

    # -- business -----------------------------------------------------------------------------

    def _reached_client(self):
        """Whether the client heard from us: not by an attempt, nor by what they wrote themselves.

        Material is read without talking.
        """
        self.ensure_one()
        author = self.message_id.author_id
        is_theirs = self.message_id and (not author or author.partner_share)
        return not is_theirs and (self.is_in_person or self.kind == "material")
