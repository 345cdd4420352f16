import random
from datetime import timedelta

from odoo import api, fields, models

_FEEDBACK = (
    "Wants the price list by Friday.",
    "Asked to call back after the board meets.",
    "The sample suits them, the delivery time does not yet.",
)
_PEOPLE = (
    ("Olga Belova", "Head of Purchasing"),
    ("Pavel Zuev", "Production Manager"),
    ("Anna Lisina", "Chief Executive"),
    ("Denis Mokhov", "Buyer"),
    ("Irina Savina", "Technical Director"),
    ("Sergey Tarasov", "Chief Engineer"),
    ("Marina Kotova", "Commercial Director"),
    ("Viktor Lebedev", "Head of Logistics"),
    ("Elena Gromova", "Chief Executive"),
    ("Roman Zhukov", "Head of Supply"),
)
_MEETINGS = 2
_CALLS = 3


class CrmFunnelDemo(models.AbstractModel):
    """Calls and meetings of these days that wait to be confirmed."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _await_contacts(self, user):
        """Let some meetings of a manager have ended, and some calls be done.

        :param user: the manager
        """
        chance = random.Random(user.login)
        call = self.env.ref("mail.mail_activity_data_call")
        leads = self.env["crm.lead"].search(
            [
                ("user_id", "=", user.id),
                ("won_status", "=", "pending"),
                ("activity_ids.user_id", "=", user.id),
                ("activity_ids.activity_type_id", "=", call.id),
            ],
            order="id",
            limit=_MEETINGS + _CALLS,
        )
        people = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "function": position,
                    "phone": f"+7 495 555-{chance.randint(10, 99)}-{chance.randint(10, 99)}",
                    "parent_id": lead.partner_id.id,
                    "is_decision_maker": number % 2 == 0,
                }
                for number, (lead, (name, position)) in enumerate(
                    zip(leads, chance.sample(_PEOPLE, len(leads)), strict=True)
                )
            ]
        )
        days = self._last_working_days(_MEETINGS)
        quietly = {"no_mail_to_attendees": True, "dont_notify": True, "tracking_disable": True}
        self.env["calendar.event"].with_user(user).with_context(**quietly).create(
            [
                {
                    "name": self.env._("Meeting with %s", person.parent_id.name),
                    "start": day,
                    "stop": day + timedelta(hours=1),
                    "opportunity_id": lead.id,
                    "partner_ids": [user.partner_id.id, person.id],
                }
                for day, lead, person in zip(days, leads, people, strict=False)
            ]
        )
        logs = self.env["crm.contact.log"]
        logs._await_meetings(logs._finished_meetings(user))
        for lead, feedback in zip(leads[_MEETINGS:], _FEEDBACK, strict=False):
            calls = lead.activity_ids.filtered(lambda activity: activity.activity_type_id == call)
            calls[:1].with_user(user).action_feedback(feedback=feedback)

    @staticmethod
    def _last_working_days(count):
        """Late morning of so many working days before today."""
        morning = fields.Datetime.now().replace(hour=8, minute=0, second=0)
        past = (morning - timedelta(days=number) for number in range(1, 3 * count + 3))
        return [day for day in past if day.weekday() < 5][:count]
