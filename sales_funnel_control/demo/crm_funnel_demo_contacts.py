import random
from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models

_WEEKS = 10
# Contacts a week by kind, and how many of a hundred lack something to count.
_WEEKLY = {
    "ivanov": ({"outgoing_call": 26, "incoming_call": 3, "meeting": 9, "material": 6}, 30),
    "sidorov": ({"outgoing_call": 15, "incoming_call": 4, "meeting": 13, "material": 5}, 12),
    "petrova": (
        {"outgoing_call": 8, "incoming_call": 4, "warm_contact": 6, "visit": 6, "meeting": 2},
        8,
    ),
    "orlova": (
        {"outgoing_call": 6, "incoming_call": 5, "warm_contact": 4, "visit": 3, "meeting": 2},
        15,
    ),
}
_FIRST_NAMES = (
    "Anna", "Boris", "Vera", "Gleb", "Darya", "Egor", "Zoya", "Igor", "Kira", "Lev", "Marina",
    "Nikita", "Olga", "Pavel", "Rita", "Stepan", "Tamara", "Yakov",
)  # fmt: skip
_LAST_NAMES = (
    "Belov", "Vlasov", "Gromov", "Denisov", "Efimov", "Zimin", "Kotov", "Lebedev", "Maslov",
    "Nosov", "Orekhov", "Panin", "Rogov", "Savin", "Tikhonov", "Frolov", "Shilov", "Yudin",
)  # fmt: skip
_POSITIONS = (
    "Director", "Head of Purchasing", "Chief Engineer", "Owner", "Financial Director",
    "Head of Production",
)  # fmt: skip
_RESULTS = {
    "outgoing_call": (
        "Asked about the delivery term, wants the price list.",
        "Agreed to a meeting next week.",
        "The budget is decided after the 20th.",
        "Buys from Severtorg, unhappy with the delays.",
    ),
    "incoming_call": (
        "Asked for the price of a second batch.",
        "Wants to change the delivery day.",
    ),
    "meeting": (
        "Walked through the warehouse, three positions fit.",
        "The engineer wants a sample first.",
        "Presentation for the purchasing department.",
    ),
    "visit": (
        "Looked at the new line together, need more of the same.",
        "Showed the new catalogue, two positions for a trial.",
    ),
    "warm_contact": (
        "The last delivery was fine, the next one in a month.",
        "The storekeeper changed, introduced ourselves.",
    ),
    "material": ("Sent the price list and the catalogue.",),
}
_PROGRESS = ("Commercial offer", "Survey on site", "Trial delivery", "Another meeting")
_ANSWERS = {
    "char": ("40 mm, 2 t a month", "From May on", "Severtorg, three years", "As agreed"),
    "text": ("Two deliveries a month, the first in spring.",),
    "html": ("<p>Two deliveries a month.</p>",),
    "integer": (2, 5, 12, 40),
    "float": (1.5, 8.0, 20.0),
    "monetary": (50000.0, 120000.0),
    "boolean": (True,),
}


class CrmFunnelDemo(models.AbstractModel):
    """The managers' contacts: who talked to whom these weeks, and what it counted as."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _log_contacts(self, team, managers):
        """Log the contacts of some weeks, up to now.

        :param team: whose deals the contacts belong to
        :param dict managers: user by key of the table of contacts a week
        """
        deals = self.env["crm.lead"].with_context(active_test=False)
        values = []
        for key, manager in managers.items():
            chance = random.Random(f"contacts of {key}")
            leads = deals.search(
                [("team_id", "=", team.id), ("user_id", "=", manager.id)], order="id"
            )
            leads = leads.browse(chance.sample(leads.ids, min(80, len(leads))))
            if team.funnel_kind == "proactive":
                self._sell_before(chance, leads.partner_id)
            self._answer_questionnaires(chance, leads)
            people = self._introduce(chance, leads.partner_id, *_WEEKLY[key])
            values += self._plan_contacts(chance, manager, leads, people, _WEEKLY[key][0])
        self.env["crm.contact.log"].create(values)

    def _sell_before(self, chance, clients):
        """Farmers work with clients who bought before."""
        product = self.env.ref("sales_funnel_control.product_supplies")
        now = fields.Datetime.now()
        self.env["sale.order"].with_context(tracking_disable=True).create(
            [
                {
                    "partner_id": client.id,
                    "date_order": now - timedelta(days=chance.randint(90, 400)),
                    "state": "sale",
                    "order_line": [
                        fields.Command.create(
                            {
                                "product_id": product.id,
                                "product_uom_qty": chance.randint(2, 20),
                                "price_unit": chance.choice((400, 900, 1500)),
                            }
                        )
                    ],
                }
                for client in clients
            ]
        )

    def _answer_questionnaires(self, chance, leads):
        """Three of four deals have a complete questionnaire."""
        for lead in leads:
            questions = lead.team_id.questionnaire_definition or []
            if questions and chance.random() < 0.75:
                lead.questionnaire = {
                    question["name"]: self._answer_question(chance, question)
                    for question in questions
                }

    @staticmethod
    def _answer_question(chance, question):
        if question["type"] == "selection":
            return chance.choice(question["selection"])[0]
        if question["type"] == "date":
            return fields.Date.to_string(
                fields.Date.today() + timedelta(days=chance.randint(10, 90))
            )
        return chance.choice(_ANSWERS.get(question["type"], (False,)))

    def _introduce(self, chance, clients, _weekly, lacking):
        """A person to talk to for each client; some are not, or not known as, who decides."""
        people = (
            self.env["res.partner"]
            .with_context(tracking_disable=True)
            .create(
                [
                    {
                        "name": f"{chance.choice(_FIRST_NAMES)} {chance.choice(_LAST_NAMES)}",
                        "parent_id": client.id,
                        "phone": f"+7 495 {chance.randint(100, 999)}-{chance.randint(1000, 9999)}",
                        "function": chance.random() * 100 > lacking / 2
                        and chance.choice(_POSITIONS),
                        "is_decision_maker": chance.random() * 100 > lacking / 2,
                    }
                    for client in clients
                ]
            )
        )
        return dict(zip(clients, people, strict=True))

    def _plan_contacts(self, chance, manager, leads, people, weekly):
        """Values of the contacts of a manager."""
        company = self.env.company
        zone = pytz.timezone(company.funnel_tz)
        monday = fields.Date.start_of(company._funnel_today(), "week")
        now = fields.Datetime.now()
        values = []
        for week in range(_WEEKS):
            for kind, number in weekly.items():
                for _each in range(max(0, number + chance.randint(-2, 2))):
                    day = monday + timedelta(days=chance.randint(0, 4) - 7 * week)
                    local = datetime.combine(
                        day, time(chance.randint(9, 17), chance.randint(0, 59))
                    )
                    moment = zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)
                    if moment < now:
                        lead = chance.choice(leads)
                        person = people[lead.partner_id]
                        values.append(
                            {
                                "kind": kind,
                                "date": moment,
                                "user_id": manager.id,
                                "lead_id": lead.id,
                                "contact_id": person.id,
                                **self._what_came_of_it(chance, kind, day),
                            }
                        )
        return values

    @staticmethod
    def _what_came_of_it(chance, kind, day):
        is_interested = kind in ("meeting", "visit") and chance.random() < 0.6
        agreed = is_interested and chance.random() < 0.85
        return {
            "is_in_person": kind != "outgoing_call" or chance.random() < 0.8,
            "result": chance.choice(_RESULTS[kind]),
            "is_interested": is_interested,
            "progress": agreed and chance.choice(_PROGRESS),
            "progress_date": agreed and day + timedelta(days=chance.randint(3, 40)),
        }
