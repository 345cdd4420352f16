from datetime import date, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_contacts import ContactCase


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

    def test_deleted_circumstances(self):
        """What was taken down of a deal and a person that are gone still counts."""
        boss = self.person("Vera Ivanova")
        calls = self.log(person=boss) + self.log(person=boss, date="2026-03-11 09:00:00")
        meeting = self.met()
        other = self.log(date="2026-03-10 10:00:00")
        boss.unlink()
        self.lead.unlink()
        (calls + meeting + other).invalidate_recordset()
        other.date = "2026-03-10 11:00:00"
        meeting.result = "They liked it"
        meeting.is_interested = False
        self.assertEqual(self.counts(calls), [("effective_call", False)] * 2)
        self.assertEqual(meeting.counts_as, "held_meeting")
        self.assertEqual(sorted((calls + other).mapped("place")), [0, 1, 2])

    def test_another_time_zone(self):
        """Days and weeks follow the company's zone, and what counts follows them."""
        evening = self.log(date="2026-03-08 21:30:00")
        night = self.log(date="2026-03-09 03:00:00")
        self.assertEqual(night.count_note, "same_day")
        self.company.funnel_tz = "America/New_York"
        self.assertEqual((evening + night).mapped("day"), [date(2026, 3, 8), date(2026, 3, 8)])
        self.assertEqual(evening.week_start, date(2026, 3, 2))
        self.company.funnel_tz = "Europe/London"
        self.assertEqual((evening + night).mapped("day"), [date(2026, 3, 8), date(2026, 3, 9)])
        self.assertEqual(self.counts(evening + night), [("effective_call", False)] * 2)

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

        with self.assertRaises(AccessError):
            log.with_context(default_was_client=True).create({"partner_id": self.client.id})

    def test_portal_does_not_see_who_decides(self):
        self.boss.user_ids = self.portal
        self.portal.partner_id = self.boss
        mine = self.boss.with_user(self.portal)
        self.assertTrue(mine.read(["name"]))
        for name in ("is_decision_maker", "decision_role", "former_post_ids"):
            with self.subTest(name), self.assertRaises(AccessError):
                mine.read([name])
        self.boss.decision_role = "opposes"
        mine.sudo().write({"function": "Owner"})
        self.assertEqual(self.boss.former_post_ids.position, "Director")

    def test_company_the_manager_works_for(self):
        other = self.env["res.company"].create({"name": "Other"})
        (self.ivanov + self.sidorov).company_ids += other
        mine = self.Log.with_user(self.ivanov)
        for ids, company in (
            ([other.id, self.company.id], self.company),
            ([other.id], other),
        ):
            log = mine.with_context(allowed_company_ids=ids).create({"partner_id": self.client.id})
            self.assertEqual(log.sudo().company_id, company)
        self.team.write({"user_id": False, "company_id": other.id})
        mine = self.Log.with_context(allowed_company_ids=[self.company.id, other.id])
        log = mine.create({"partner_id": self.client.id, "user_id": self.ivanov.id})
        self.assertEqual(log.company_id, other)

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
