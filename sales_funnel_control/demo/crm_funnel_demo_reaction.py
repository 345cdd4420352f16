import base64
import io
import random
from datetime import timedelta

from reportlab.pdfgen.canvas import Canvas

from odoo import api, fields, models

_ADDON = "sales_funnel_control"
_WEEKS = 5
# A request is looked for that is overdue by so many minutes of working time, back to two weeks ago.
_OVERDUE = 20
_STEP = 40
_STEPS = 14 * 24 * 60 // _STEP
_OVERVIEW = (
    "Overview of our range",
    "",
    "Fasteners from 3 to 40 mm, with certificates for food and for pressure",
    "Packing: cartons, pallets, your own label",
    "Express delivery in four days, also on Saturdays",
    "Prices are fixed for the quarter",
)
_ASKED = (
    "Price of fasteners, 40 mm",
    "Delivery to Tver on Saturdays?",
    "Offer for the second quarter",
    "Certificates for food",
    "Samples for a test batch",
    "Replacement for our supplier",
    "Terms of payment for a new client",
    "Packing with our label",
)
_PEOPLE = (
    "Anna Belova", "Pyotr Gromov", "Elena Zueva", "Igor Lapin", "Maria Somova", "Oleg Titov",
    "Vera Krylova", "Semyon Danilov",
)  # fmt: skip
# How many of a hundred requests each channel's people answer in time.
_IN_TIME = {"channel_website": 88, "channel_phone": 65}


class CrmFunnelDemo(models.AbstractModel):
    """Requests that came in, and the rules of the hunters' stages."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _set_stage_rules(self, team):
        """A plan on the second stage of the team, a plan and material on the third."""
        stages = self.env["crm.stage"].search([("team_ids", "in", team.ids)])
        stages[1].activity_plan_id = self.env.ref(f"{_ADDON}.plan_first_contact")
        stages[2].write(
            {
                "activity_plan_id": self.env.ref(f"{_ADDON}.plan_presentation").id,
                "drops_undone": True,
                "material_template_id": self.env.ref(f"{_ADDON}.mail_template_material").id,
                "material_ids": [
                    (
                        0,
                        0,
                        {
                            "name": "Overview of our range.pdf",
                            "datas": base64.b64encode(self._print_overview()),
                            "res_model": "crm.stage",
                            "res_id": stages[2].id,
                        },
                    )
                ],
            }
        )

    def _print_overview(self):
        output = io.BytesIO()
        canvas = Canvas(output)
        for number, line in enumerate(_OVERVIEW):
            canvas.setFont("Helvetica", 12 if number else 22)
            canvas.drawString(60, 760 - 24 * number, line)
        canvas.save()
        return output.getvalue()

    @api.model
    def _bring_requests(self, team, count):
        """Requests of the last weeks, answered soon or not, and those that wait today.

        :param team: who works them
        :param int count: how many have been answered
        """
        chance = random.Random("requests")
        website, phone = (self.env.ref(f"{_ADDON}.{name}") for name in _IN_TIME)
        for _each in range(count):
            channel = chance.choice((website, website, phone))
            self._answer(chance, channel, self._bring(chance, team, channel, self._past(chance)))
        now = fields.Datetime.now().replace(microsecond=0)
        self._bring(chance, team, website, self._overdue_moment(website, now))
        self._bring(chance, team, website, now - timedelta(minutes=6))
        self._bring(chance, team, phone, now - timedelta(minutes=3))

    @api.model
    def _overdue_moment(self, channel, now):
        """The last moment since which a request is well overdue, also on a Sunday or a holiday.

        :param now: naive UTC
        """
        calendar = channel._calendar()
        moments = (now - timedelta(minutes=_STEP * number) for number in range(1, _STEPS))
        return next(
            moment
            for moment in moments
            if calendar._minutes_worked([(moment, now)])[0] >= channel.reaction_term + _OVERDUE
        )

    def _past(self, chance):
        """A moment of the last weeks, on a working day before the evening."""
        today = fields.Datetime.now().replace(hour=0, minute=0, second=0, microsecond=0)
        moments = (
            today - timedelta(days=chance.randint(1, 7 * _WEEKS), minutes=-chance.randint(480, 930))
            for _each in iter(int, 1)
        )
        return next(moment for moment in moments if moment.weekday() < 5)

    def _bring(self, chance, team, channel, moment):
        person = chance.choice(_PEOPLE)
        name = person.lower().replace(" ", ".")
        lead = (
            self.env["crm.lead"]
            .with_context(tracking_disable=True, mail_create_nolog=True)
            .create(
                {
                    "name": chance.choice(_ASKED),
                    "type": "lead",
                    "contact_name": person,
                    "email_from": f"{name}@example.com",
                    "phone": f"+7 495 555 {chance.randint(10, 99)} {chance.randint(10, 99)}",
                    "team_id": team.id,
                    "user_id": False,
                    "medium_id": channel.medium_id.id,
                }
            )
        )
        lead.write({"requested_at": moment, "reaction_due_at": channel._due_at(moment)})
        return lead

    def _answer(self, chance, channel, lead):
        """Somebody wrote to the client, as soon as people of the channel do."""
        name = channel.get_external_id()[channel.id].partition(".")[2]
        term = channel.reaction_term
        is_in_time = chance.random() * 100 < _IN_TIME[name]
        minutes = chance.randint(2, term) if is_in_time else chance.randint(term + 1, 4 * term)
        moment = channel._calendar()._minutes_after(lead.requested_at, minutes)
        if not lead.user_id:
            lead.user_id = channel.user_id
        self.env["mail.message"].create(
            {
                "model": "crm.lead",
                "res_id": lead.id,
                "message_type": "comment",
                "subtype_id": self.env.ref("mail.mt_comment").id,
                "author_id": lead.user_id.partner_id.id,
                "outgoing_email_to": lead.email_from,
                "date": min(moment, fields.Datetime.now()),
                "body": self.env._("Good day! I have your request and shall call you soon."),
            }
        )
        lead._derive_reactions()
