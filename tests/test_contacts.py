from datetime import date, datetime, timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

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


@tagged("post_install", "-at_install")
class TestRecount(ContactCase):
    """What counts is corrected when contacts, persons and deals change."""

    def test_edited(self):
        first, second = self.log(), self.log(date="2026-03-10 10:00:00")
        second.date = "2026-03-10 08:00:00"
        self.assertEqual(
            self.counts(first + second), [(False, "same_day"), ("effective_call", False)]
        )
        second.contact_id = self.person("Boris Orlov")
        self.assertEqual(self.counts(first + second), [("effective_call", False)] * 2)
        second.write({"contact_id": self.boss.id, "kind": "meeting"})
        self.assertEqual(
            self.counts(first + second),
            [("effective_call", False), ("held_meeting", "not_interested")],
        )

    def test_a_call_becomes_a_meeting(self):
        first, second = self.log(), self.log(date="2026-03-10 10:00:00")
        first.kind = "meeting"
        self.assertEqual(first.counts_as, "held_meeting")
        self.assertEqual(second.counts_as, "effective_call")

    def test_deleted(self):
        first, second = self.log(), self.log(date="2026-03-10 10:00:00")
        first.unlink()
        self.assertEqual(self.counts(second), [("effective_call", False)])

    def test_deleted_makes_room_for_the_sixth(self):
        logs = self.Log
        for letter in "abcdef":
            logs += self.log(person=self.person(f"Person Number{letter}"))
        self.assertEqual(logs[5].count_note, "too_many_people")
        logs[2].unlink()
        self.assertEqual(logs[5].counts_as, "effective_call")
        self.assertEqual(sorted(logs.exists().mapped("place")), [1, 2, 3, 4, 5])

    def test_person_completed_afterwards(self):
        person = self.person("Petrova", function=False, is_decision_maker=False)
        log = self.log(person=person)
        person.name = "Vera Petrova"
        person.function = "Director"
        self.assertEqual(log.count_note, "not_decision_maker")
        person.is_decision_maker = True
        self.assertEqual(self.counts(log), [("effective_call", False)])
        person.write({"is_decision_maker": False, "function": False})
        self.assertEqual(self.counts(log), [("effective_call", False)])

    def test_person_who_moves_keeps_the_history(self):
        log = self.log()
        other = self.env["res.partner"].create({"name": "Lilia", "is_company": True})
        self.boss.write({"parent_id": other.id, "function": "Owner"})
        self.assertEqual((log.organisation_id, log.position), (self.client, "Director"))
        self.assertEqual(log.counts_as, "effective_call")
        self.assertEqual(log.contact_id.commercial_partner_id, other)
        [post] = self.boss.former_post_ids
        self.assertEqual(
            (post.organisation_id, post.position, post.was_decision_maker, post.date_to),
            (self.client, "Director", True, date(2026, 3, 12)),
        )
        self.assertEqual(self.boss.decision_since, date(2026, 3, 12))
        self.assertEqual(self.client.former_people_ids.person_id, self.boss)
        later = self.log(date="2026-03-11 09:00:00", lead_id=False)
        self.assertEqual((later.organisation_id, later.position), (other, "Owner"))

    def test_spelling_is_no_new_position(self):
        self.boss.name = "Anna Petrova-Vodkina"
        self.boss.decision_role = "pays"
        self.assertFalse(self.boss.former_post_ids)

    def test_persons_merged(self):
        twin = self.person("Anna Petrova")
        logs = self.log() + self.log(person=twin, date="2026-03-10 10:00:00")
        self.assertEqual(self.counts(logs), [("effective_call", False)] * 2)
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.boss + twin).ids, self.boss, extra_checks=False
        )
        self.assertEqual(logs.exists(), logs)
        self.assertEqual(logs.contact_id, self.boss)
        self.assertEqual(self.counts(logs), [("effective_call", False), (False, "same_day")])

    def test_organisations_merged(self):
        other = self.env["res.partner"].create({"name": "Romashka 2", "is_company": True})
        logs = self.Log
        for letter in "abc":
            logs += self.log(person=self.person(f"Person Number{letter}"))
            logs += self.log(person=self.person(f"Other Number{letter}", other))
        self.assertEqual(set(logs.mapped("counts_as")), {"effective_call"})
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (self.client + other).ids, self.client, extra_checks=False
        )
        self.assertEqual(logs.organisation_id, self.client)
        self.assertEqual(logs.mapped("counts_as").count("effective_call"), 5)

    def test_deals_merged(self):
        self.team.questionnaire_definition = [{"name": "volume", "type": "char", "string": "V"}]
        other = self.new_lead(self.list, partner_id=self.client.id)
        meeting = self.met(lead_id=other.id)
        call = self.log(lead_id=other.id)
        self.lead.questionnaire = {"volume": "3 t"}
        self.assertEqual(meeting.count_note, "questionnaire")
        (self.lead + other).merge_opportunity(auto_unlink=True)
        logs = meeting + call
        self.assertEqual(logs.lead_id, (self.lead + other).exists())
        self.assertEqual(call.stage_id, self.list)
        self.assertEqual(call.counts_as, "effective_call")
        self.assertEqual(meeting.counts_as, "productive_meeting")

    def test_deal_deleted(self):
        logs = self.met() + self.log()
        self.lead.unlink()
        self.assertEqual(
            self.counts(logs), [("productive_meeting", False), ("effective_call", False)]
        )

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["log", "log", "log", "edit", "delete", "move", "kind"]),
                st.integers(0, 6),
                st.integers(0, 3),
            ),
            max_size=25,
        )
    )
    def test_any_order_gives_the_same_counts(self, steps):
        """Whatever is logged, edited and deleted: a recount of all from nothing is the same."""
        people = [self.person(f"Person Number{chr(97 + n)}") for n in range(7)]
        for action, who, when in steps:
            self.step(action, people[who], datetime(2026, 3, 2 + when, 9), who + when)
        logs = self.Log.search([("contact_id", "in", [person.id for person in people])])
        counted = self.counts(logs)
        logs._without_counts()
        logs._count()
        self.assertEqual(self.counts(logs), counted)
        logs.unlink()

    def step(self, action, person, moment, number):
        logs = self.Log.search([("contact_id.name", "=like", "Person Number%")])
        if action == "log" or not logs:
            self.log(person=person, date=moment)
            return
        log = logs[number % len(logs)]
        if action == "edit":
            log.date = moment
        elif action == "delete":
            log.unlink()
        elif action == "move":
            log.contact_id = person
        else:
            log.kind = "meeting" if log.kind == "outgoing_call" else "outgoing_call"


@tagged("post_install", "-at_install")
class TestContactRights(ContactCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.leader = new_test_user(
            cls.env, "test_leader", groups="sales_team.group_sale_salesman", name="Leader"
        )
        cls.team.user_id = cls.leader
        cls.portal = new_test_user(cls.env, "test_portal", groups="base.group_portal")

    def test_salesperson(self):
        log = self.log()
        self.assertEqual(log.team_id, self.team)
        mine = self.Log.with_user(self.ivanov)
        self.assertEqual(mine.search([]), log)
        self.assertFalse(self.Log.with_user(self.sidorov).search([]))
        self.assertEqual(self.Log.with_user(self.leader).search([]), log)
        with self.assertRaises(AccessError):
            log.with_user(self.sidorov).result = "Mine"
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base.models.ir_rule"):
            mine.create({"lead_id": self.lead.id, "user_id": self.sidorov.id})
        with self.assertRaises(AccessError):
            self.Log.with_user(self.portal).search([])

    def test_leader_logs_for_the_team(self):
        log = self.Log.with_user(self.leader).create(
            {"partner_id": self.client.id, "user_id": self.sidorov.id}
        )
        self.assertEqual((log.team_id, log.sales_role), (self.team, "hunter"))

    def test_nobody_decides_what_counts(self):
        log = self.log(is_in_person=False).with_user(self.ivanov)
        for values in (
            {"counts_as": "visit"},
            {"day": "2026-01-01"},
            {"was_client": True},
            {"place": 1},
        ):
            with self.subTest(**values), self.assertRaises(AccessError):
                log.write(values)
            with self.subTest(**values), self.assertRaises(AccessError):
                log.create({"partner_id": self.client.id, **values})

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        stranger = new_test_user(
            self.env,
            "test_stranger",
            groups="sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.log()
        self.assertFalse(self.Log.with_user(stranger).search([]))

    def test_what_is_to_come(self):
        with self.assertRaisesRegex(ValidationError, "when it has happened"):
            self.log(date=fields.Datetime.now() + timedelta(minutes=1))

    def test_nobody(self):
        with self.assertRaisesRegex(ValidationError, "whom the contact was with"):
            self.Log.create({"user_id": self.ivanov.id})

    def test_many_at_once(self):
        """The number of queries does not grow with the number of contacts."""
        people = [self.person(f"Person Number{chr(97 + n)}") for n in range(4)]
        values = [
            {
                "date": f"2026-03-{day:02} {hour:02}:00:00",
                "user_id": self.ivanov.id,
                "lead_id": self.lead.id,
                "contact_id": person.id,
            }
            for day in range(1, 11)
            for hour in (7, 9, 11, 13, 15)
            for person in people
        ]
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(60):
            logs = self.Log.create(values)
            self.env.flush_all()
        self.assertEqual(logs.mapped("counts_as").count("effective_call"), 40)
