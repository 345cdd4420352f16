from odoo import api, fields, models

_LENGTH = 200


class CrmContactLog(models.Model):
    """What an activity, a meeting or a message already says about the contact."""

    _inherit = "crm.contact.log"

    @api.model
    def _values_of_source(self, vals):
        """Values that follow from what the contact comes from.

        :param dict vals: with ``activity_id``, ``event_id`` or ``message_id``
        :return: values by field name; those of ``vals`` are to win
        """
        values = {}
        user = self.env["res.users"].browse(vals.get("user_id") or self.env.uid)
        for name, read in (
            ("message_id", self._values_of_message),
            ("event_id", self._values_of_event),
            ("activity_id", self._values_of_activity),
        ):
            # Nonsense fails where the field is written.
            if isinstance(vals.get(name), int) and vals[name]:
                source = self.env[self._fields[name].comodel_name].browse(vals[name])
                source.check_access("read")
                values.update(read(source.sudo(), user.sudo()))
        return self._suggest_visits([values])[0]

    @api.model
    def _values_of_activity(self, activity, user):
        """:param activity: in sudo"""
        values = {"kind": activity.activity_type_id.contact_kind or "outgoing_call"}
        event = activity.calendar_event_id
        if event and not self.sudo().search_count(
            [("event_id", "=", event.id), ("user_id", "=", user.id)], limit=1
        ):
            values = {**self._values_of_event(event, user), "event_id": event.id}
        if activity.res_model == "crm.lead":
            values["lead_id"] = activity.res_id
        elif activity.res_model == "res.partner":
            values.update(self._values_of_partner(self.env["res.partner"].browse(activity.res_id)))
        return {**values, "user_id": user.id}

    @api.model
    def _values_of_event(self, event, user):
        """:param event: in sudo"""
        lead = event._contact_lead()
        person = event._contact_person(lead)
        return {
            "kind": "meeting",
            "user_id": user.id,
            "lead_id": lead.id,
            "date": min(event.start, fields.Datetime.now()),
            **self._values_of_partner(person),
        }

    @api.model
    def _values_of_message(self, message, user):
        """:param message: in sudo"""
        lead = self.env["crm.lead"].browse(message.model == "crm.lead" and message.res_id)
        note = self.env.ref("mail.mt_note", raise_if_not_found=False)
        is_call_note = message.subtype_id == note and message.message_type != "email"
        client = (lead.sudo().partner_id | message.author_id).commercial_partner_id
        company = lead.sudo().company_id or self.env.company
        has_bought = not is_call_note and client._first_sales(client, company)
        kind = "warm_contact" if has_bought else "incoming_call"
        return {
            "kind": kind,
            # Who wrote has not been talked to.
            "is_in_person": is_call_note,
            "lead_id": lead.id,
            "date": min(message.date, fields.Datetime.now()),
            "result": (message.subject or message.preview or "")[:_LENGTH],
            "user_id": user.id,
            **self._values_of_partner(message.author_id or lead.sudo().partner_id),
        }

    @api.model
    def _values_of_partner(self, partner):
        name = "partner_id" if partner.is_company else "contact_id"
        return {name: partner.id} if partner else {}

    # -- existing clients ---------------------------------------------------------------------

    @api.model
    def _suggest_visits(self, vals_list):
        """A farmer's meeting with an existing client is most likely a visit.

        :param vals_list: values with ``user_id`` and ``kind``
        :return: the same list, with ``visit`` for ``meeting`` where that is likely
        """
        meetings = [vals for vals in vals_list if vals.get("kind") == "meeting"]
        farmers = (
            self.env["crm.team.member"]
            .sudo()
            .search(
                [
                    ("user_id", "in", [vals["user_id"] for vals in meetings]),
                    ("sales_role", "=", "farmer"),
                ]
            )
            .user_id
        )
        meetings = [vals for vals in meetings if vals["user_id"] in farmers.ids]
        if not meetings:
            return vals_list
        leads = (
            self.env["crm.lead"].sudo().browse(filter(None, (v.get("lead_id") for v in meetings)))
        )
        partner_ids = (v.get("contact_id") or v.get("partner_id") for v in meetings)
        people = self.env["res.partner"].sudo().browse(filter(None, partner_ids))
        clients = (people | leads.partner_id).commercial_partner_id
        firsts = clients._first_sales(clients, leads.company_id | farmers.company_id)
        for vals in meetings:
            lead = leads.browse(vals.get("lead_id") or ())
            person = people.browse(vals.get("contact_id") or vals.get("partner_id") or ())
            client = (person or lead.partner_id).commercial_partner_id
            company = lead.company_id or farmers.browse(vals["user_id"]).company_id
            first = firsts.get((client.id, company.id))
            if first and first <= (vals.get("date") or fields.Datetime.now()):
                vals["kind"] = "visit"
        return vals_list
