from datetime import date

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from .common import FunnelCase

_NOW = "2026-03-12 12:00:00"


@freeze_time(_NOW)
class ContactCase(FunnelCase):
    """A client with decision makers, a deal whose questionnaire is complete, and Moscow's time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.funnel_tz = "Europe/Moscow"
        cls.Log = cls.env["crm.contact.log"]
        cls.client = cls.env["res.partner"].create({"name": "Romashka", "is_company": True})
        cls.boss = cls.person("Anna Petrova")
        cls.lead = cls.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "partner_id": cls.client.id,
                "team_id": cls.team.id,
                "user_id": cls.ivanov.id,
                "stage_id": cls.presentation.id,
            }
        )

    @classmethod
    def person(cls, name, organisation=None, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "parent_id": (organisation or cls.client).id,
                "function": "Director",
                "is_decision_maker": True,
                **values,
            }
        )

    def log(self, kind="outgoing_call", person=None, **values):
        """A contact at noon of a Tuesday with the decision maker, unless said otherwise."""
        return self.Log.create(
            {
                "kind": kind,
                "date": "2026-03-10 09:00:00",
                "user_id": self.ivanov.id,
                "lead_id": self.lead.id,
                "contact_id": (self.boss if person is None else person).id,
                **values,
            }
        )

    def counts(self, logs):
        return [(log.counts_as, log.count_note) for log in logs]

    def met(self, **values):
        """A meeting that lacks nothing."""
        return self.log(
            "meeting",
            **{
                "is_interested": True,
                "progress": "Survey on site",
                "progress_date": date(2026, 4, 10),
                **values,
            },
        )

    def sell(self, partner, moment):
        order = self.env["sale.order"].create({"partner_id": partner.id})
        order.action_confirm()
        order.date_order = moment
        return order


@tagged("post_install", "-at_install")
class TestWhatCounts(ContactCase):
    """Every rule of what counts, on both sides of its border."""

    def assertCounts(self, log, counts_as, note=False):
        self.assertEqual((log.counts_as, log.count_note), (counts_as, note))

    def test_effective_call(self):
        for kind in ("outgoing_call", "incoming_call"):
            person = self.person(f"Boris {kind.title()}")
            self.assertCounts(self.log(kind, person), "effective_call")

    def test_call_rules(self):
        for values, note in (
            ({"is_decision_maker": False}, "not_decision_maker"),
            ({"name": "Petrova"}, "no_full_name"),
            ({"name": "A. Petrova"}, "no_full_name"),
            ({"function": False}, "no_position"),
        ):
            with self.subTest(**values):
                person = self.person(**{"name": "Vera Ivanova", **values})
                self.assertCounts(self.log(person=person), False, note)

    def test_call_with_somebody_else(self):
        self.assertCounts(self.log(is_in_person=False), False, "not_in_person")

    def test_call_with_nobody_named(self):
        self.assertCounts(self.log(contact_id=False), False, "no_person")

    def test_one_call_a_day(self):
        morning = self.log(date="2026-03-10 06:00:00")
        evening = self.log(date="2026-03-10 15:00:00", user_id=self.sidorov.id)
        self.assertCounts(morning, "effective_call")
        self.assertCounts(evening, False, "same_day")
        other = self.log(person=self.person("Boris Orlov"), date="2026-03-10 15:00:00")
        self.assertCounts(other, "effective_call")

    def test_midnight_in_the_company_zone(self):
        """21:00 UTC is midnight in Moscow: the day ends there, not in Greenwich."""
        before = self.log(date="2026-03-09 20:59:59")
        after = self.log(date="2026-03-09 21:00:00")
        late = self.log(date="2026-03-10 20:59:59")
        self.assertEqual(
            (before + after + late).mapped("day"),
            [date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 10)],
        )
        self.assertCounts(before, "effective_call")
        self.assertCounts(after, "effective_call")
        self.assertCounts(late, False, "same_day")

    def test_week_in_the_company_zone(self):
        sunday = self.log(date="2026-03-08 20:59:59")
        monday = self.log(date="2026-03-08 21:00:00")
        self.assertEqual(sunday.week_start, date(2026, 3, 2))
        self.assertEqual(monday.week_start, date(2026, 3, 9))

    def test_sixth_decision_maker(self):
        people = [self.person(f"Person Number{chr(97 + n)}") for n in range(6)]
        logs = self.Log
        for number, person in enumerate(people):
            logs += self.log(person=person, date=f"2026-03-{number + 1:02} 09:00:00")
        self.assertEqual(
            self.counts(logs), [("effective_call", False)] * 5 + [(False, "too_many_people")]
        )
        again = self.log(person=people[0], date="2026-03-09 09:00:00")
        self.assertCounts(again, "effective_call")
        elsewhere = self.env["res.partner"].create({"name": "Lilia", "is_company": True})
        other = self.person("Sixth Elsewhere", elsewhere)
        self.assertCounts(self.log(person=other), "effective_call")

    def test_five_decision_makers_a_year(self):
        people = [self.person(f"Person Number{chr(97 + n)}") for n in range(6)]
        for person in people[:5]:
            self.log(person=person, date="2025-12-31 20:59:59")
        self.assertCounts(
            self.log(person=people[5], date="2025-12-31 20:59:59"), False, "too_many_people"
        )
        self.assertCounts(self.log(person=people[5], date="2025-12-31 21:00:00"), "effective_call")

    def test_held_meeting(self):
        self.assertCounts(self.log("meeting"), "held_meeting", "not_interested")
        self.assertCounts(self.log("meeting", contact_id=False), False, "no_person")
        nobody = self.person("Vera Ivanova", is_decision_maker=False)
        self.assertCounts(self.log("meeting", nobody), False, "not_decision_maker")
        self.assertCounts(self.log("meeting", is_in_person=False), False, "not_in_person")
        self.assertCounts(self.log("meeting", lead_id=False), False, "no_deal")

    def test_questionnaire(self):
        self.team.questionnaire_definition = [
            {"name": "volume", "type": "char", "string": "Volume"},
            {"name": "when", "type": "char", "string": "Delivery"},
        ]
        self.lead.questionnaire = {"volume": "3 t"}
        meeting = self.met()
        self.assertCounts(meeting, False, "questionnaire")
        self.lead.questionnaire = {"volume": "3 t", "when": "May"}
        self.assertCounts(meeting, "productive_meeting")
        self.lead.questionnaire = {"volume": False, "when": "May"}
        self.assertCounts(meeting, "productive_meeting")
        self.assertCounts(self.met(), False, "questionnaire")

    def test_productive_meeting(self):
        self.assertCounts(self.met(), "productive_meeting")
        for values, note in (
            ({"is_interested": False}, "not_interested"),
            ({"progress": False}, "no_progress"),
            ({"progress_date": False}, "no_progress"),
            ({"progress_date": date(2026, 3, 9)}, "progress_past"),
            ({"progress_date": date(2026, 4, 11)}, "progress_too_late"),
        ):
            with self.subTest(**values):
                self.assertCounts(self.met(**values), "held_meeting", note)
        self.assertCounts(self.met(progress_date=date(2026, 3, 10)), "productive_meeting")

    def test_month_of_progress_begins_on_the_local_day(self):
        """31 days after the 11th in Moscow, where it is still the 10th in Greenwich."""
        late = {"date": "2026-03-10 21:00:00", "progress_date": date(2026, 4, 11)}
        self.assertCounts(self.met(**late), "productive_meeting")
        late["progress_date"] = date(2026, 4, 12)
        self.assertCounts(self.met(**late), "held_meeting", "progress_too_late")

    def test_existing_clients(self):
        for kind in ("warm_contact", "visit"):
            self.assertCounts(self.log(kind), False, "not_client")
        self.sell(self.boss, "2026-03-10 09:00:00")
        for kind in ("warm_contact", "visit"):
            self.assertCounts(self.log(kind), kind)
            self.assertCounts(self.log(kind, is_in_person=False), False, "not_in_person")
            self.assertCounts(self.log(kind, date="2026-03-10 08:59:59"), False, "not_client")

    def test_client_by_a_deal_won(self):
        self.lead.action_set_won()
        self.assertCounts(self.log("visit", date=fields.Datetime.now()), "visit")
        self.lead.stage_id = self.presentation
        self.assertCounts(self.log("visit", date=fields.Datetime.now()), False, "not_client")

    def test_quotation_makes_no_client(self):
        self.env["sale.order"].create({"partner_id": self.client.id, "date_order": "2026-01-01"})
        self.assertCounts(self.log("visit"), False, "not_client")

    def test_client_of_another_company(self):
        order = self.sell(self.client, "2026-01-01 09:00:00")
        self.env["sale.order"].flush_model()
        other = self.env["res.company"].create({"name": "Other"})
        self.env.cr.execute(
            "UPDATE sale_order SET company_id = %s WHERE id = %s", (other.id, order.id)
        )
        self.assertCounts(self.log("visit"), False, "not_client")

    def test_material(self):
        self.assertCounts(self.log("material"), False, "material")

    def test_to_be_confirmed(self):
        log = self.log(state="to_confirm")
        self.assertCounts(log, False)
        self.assertCounts(self.log(date="2026-03-10 08:00:00"), "effective_call")
        log.state = "done"
        self.assertCounts(log, False, "same_day")
