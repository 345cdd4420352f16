from ast import literal_eval
from datetime import date, datetime, timedelta

from freezegun import freeze_time
from lxml import etree

from odoo.tests import tagged

from .common import FunnelCase

# A Wednesday; in Vladivostok it is Thursday already.
NOW = datetime(2026, 6, 10, 18)
FIELDS = ["next_step", "next_step_date", "next_step_state", "next_step_is_agreed"]


class NextStepCase(FunnelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.company.funnel_tz = "UTC"
        clock = freeze_time(NOW)
        clock.start()
        cls.addClassCleanup(clock.stop)
        cls.client = cls.env["res.partner"].create({"name": "Client Ltd", "is_company": True})

    def plan(self, lead, days, summary="Call back", **values):
        return self.env["mail.activity"].create(
            {
                "res_model_id": self.env["ir.model"]._get_id("crm.lead"),
                "res_id": lead.id,
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "user_id": self.ivanov.id,
                "summary": summary,
                "date_deadline": NOW.date() + timedelta(days=days),
                **values,
            }
        )

    def meet(self, lead, start, name="Presentation", **values):
        return self.env["calendar.event"].create(
            {
                "name": name,
                "opportunity_id": lead.id,
                "start": start,
                "stop": start + timedelta(hours=1),
                "user_id": self.ivanov.id,
                "partner_ids": [],
                **values,
            }
        )

    def log(self, lead, **values):
        return self.env["crm.contact.log"].create(
            {
                "lead_id": lead.id,
                "user_id": self.ivanov.id,
                "partner_id": self.client.id,
                "date": NOW - timedelta(days=1),
                **values,
            }
        )

    def step(self, lead):
        lead.invalidate_recordset()
        return tuple(lead[name] for name in FIELDS)

    def found(self, leads, *leaf):
        return self.env["crm.lead"].search([("id", "in", leads.ids), leaf])


@tagged("post_install", "-at_install")
class TestNextStep(NextStepCase):
    def test_earliest_of_activity_and_meeting(self):
        lead = self.new_lead()
        self.assertEqual(self.step(lead), (False, False, "none", False))
        self.plan(lead, 5)
        self.assertEqual(self.step(lead), ("Call back", date(2026, 6, 15), "planned", False))
        self.meet(lead, NOW + timedelta(days=3))
        self.assertEqual(self.step(lead), ("Presentation", date(2026, 6, 13), "planned", True))
        same_day = self.plan(lead, 3)
        self.assertEqual(self.step(lead)[0], "Presentation")
        same_day.date_deadline = date(2026, 6, 12)
        self.assertEqual(self.step(lead)[:2], ("Call back", date(2026, 6, 12)))
        same_day.action_feedback()
        self.assertEqual(self.step(lead)[0], "Presentation")

    def test_past_meetings_are_no_steps(self):
        lead = self.new_lead()
        self.meet(lead, NOW - timedelta(minutes=1))
        self.assertEqual(self.step(lead)[2], "none")
        self.meet(lead, NOW)
        self.assertEqual(self.step(lead)[1:3], (NOW.date(), "planned"))

    def test_all_day_meetings_last_all_day(self):
        """Odoo lets them begin at 8 o'clock UTC."""
        lead, past = self.new_lead(), self.new_lead()
        for each, days in ((lead, 0), (past, 1)):
            day = NOW.date() - timedelta(days=days)
            self.meet(each, NOW, allday=True, start_date=day, stop_date=day)
        self.assertEqual(self.step(lead)[1:3], (NOW.date(), "planned"))
        self.assertEqual(self.step(past)[2], "none")
        standing = self.env["crm.control.board"].get_board(self.team.id)["standing"]
        self.assertEqual(standing["without_next_step"], 1)
        self.env.company.funnel_tz = "Asia/Vladivostok"
        self.assertEqual(self.step(lead)[2], "none", "There it is tomorrow.")

    def test_overdue_from_the_day_after(self):
        lead = self.new_lead()
        activity = self.plan(lead, 0)
        self.assertEqual(self.step(lead)[2], "planned")
        activity.date_deadline = NOW.date() - timedelta(days=1)
        self.assertEqual(self.step(lead)[2], "overdue")

    def test_today_is_the_company_s(self):
        lead = self.new_lead()
        self.plan(lead, 0)
        self.env.company.funnel_tz = "Asia/Vladivostok"
        self.assertEqual(self.step(lead)[2], "overdue")
        self.assertEqual(self.found(lead, "next_step_state", "=", "overdue"), lead)
        meeting = self.new_lead()
        self.meet(meeting, NOW + timedelta(hours=1))
        self.assertEqual(self.step(meeting)[1:3], (date(2026, 6, 11), "planned"))

    def test_nothing_on_what_is_closed(self):
        won, lost, archived = leads = self.new_lead() | self.new_lead() | self.new_lead()
        for lead in leads:
            self.plan(lead, -3)
        won.action_set_won()
        lost.action_set_lost(lost_reason_id=self.reason.id)
        archived.action_archive()
        for lead in leads:
            self.assertEqual(self.step(lead), (False, False, False, False))
        self.assertEqual(self.found(leads, "next_step_state", "=", False), won)
        all_leads = leads.with_context(active_test=False)
        self.assertEqual(
            all_leads.search([("id", "in", leads.ids), ("next_step_state", "=", False)]), leads
        )
        self.assertFalse(
            all_leads.search([("id", "in", leads.ids), ("next_step_state", "!=", False)])
        )

    def test_agreed_with_the_client(self):
        lead = self.new_lead(partner_id=self.client.id)
        activity = self.plan(lead, 4)
        self.assertFalse(self.step(lead)[3])
        log = self.log(lead, progress="Offer", progress_date=NOW.date() + timedelta(days=3))
        self.assertFalse(self.step(lead)[3], "another day was agreed")
        log.progress_date = activity.date_deadline
        self.assertTrue(self.step(lead)[3])
        log.progress = False
        self.assertFalse(self.step(lead)[3])
        other = self.new_lead(partner_id=self.client.id)
        self.log(other, next_step_summary="Send the offer", next_step_date=date(2026, 6, 20))
        self.assertEqual(self.step(other), ("Send the offer", date(2026, 6, 20), "planned", True))
        self.assertEqual(self.found(lead | other, "next_step_is_agreed", "=", True), other)
        self.assertEqual(self.found(lead | other, "next_step_is_agreed", "=", False), lead)

    def test_filter_of_steps_that_are_not_agreed(self):
        lead, other, lost = (self.new_lead(partner_id=self.client.id) for _each in range(3))
        self.plan(lead, 4)
        self.log(other, next_step_summary="Send the offer", next_step_date=date(2026, 6, 20))
        lost.action_set_lost(lost_reason_id=self.reason.id)
        view = self.env.ref("sales_funnel_control.view_crm_case_opportunities_filter_next_step")
        arch = etree.fromstring(view.arch)
        domain = literal_eval(arch.find(".//filter[@name='next_step_not_agreed']").get("domain"))
        leads = (lead | other | lost).with_context(active_test=False)
        self.assertEqual(leads.search([("id", "in", leads.ids), *domain]), lead)

    def test_meetings_the_client_takes_no_part_in(self):
        lead = self.new_lead(partner_id=self.client.id)
        meeting = self.meet(
            lead,
            NOW + timedelta(days=1),
            partner_ids=[(6, 0, (self.client | self.ivanov.partner_id).ids)],
        )
        self.assertTrue(self.step(lead)[3])
        guest = meeting.attendee_ids.filtered(lambda guest: guest.partner_id == self.client)
        guest.state = "declined"
        self.assertFalse(self.step(lead)[3])
        guest.state = "tentative"
        self.assertTrue(self.step(lead)[3])
        meeting.write({"privacy": "private", "name": "At the doctor's"})
        self.assertEqual(self.step(lead)[0], "Meeting", "what is private is not told")
        self.assertFalse(self.step(lead)[3])
        self.assertFalse(self.found(lead, "next_step", "ilike", "doctor"))

    def test_searches_agree_with_what_is_shown(self):
        leads = self.new_lead() | self.new_lead() | self.new_lead() | self.new_lead()
        overdue, planned, met, none = leads
        self.plan(overdue, -1, "Send 100% of it")
        self.plan(planned, 2)
        self.meet(met, NOW + timedelta(days=2))
        for state, expected in (
            ("overdue", overdue),
            ("planned", planned | met),
            ("none", none),
        ):
            self.assertEqual(self.found(leads, "next_step_state", "=", state), expected)
            self.assertEqual(self.found(leads, "next_step_state", "!=", state), leads - expected)
            self.assertEqual(
                leads.filtered(lambda lead, state=state: lead.next_step_state == state), expected
            )
        day = "2026-06-12"
        self.assertEqual(self.found(leads, "next_step_date", "=", day), planned | met)
        self.assertEqual(self.found(leads, "next_step_date", "<", day), overdue)
        self.assertEqual(self.found(leads, "next_step_date", "<=", day), leads - none)
        self.assertEqual(self.found(leads, "next_step_date", ">", "2026-06-11"), planned | met)
        self.assertEqual(self.found(leads, "next_step_date", "=", False), none)
        self.assertEqual(self.found(leads, "next_step_date", "!=", False), leads - none)
        self.assertEqual(self.found(leads, "next_step", "ilike", "call"), planned)
        self.assertEqual(self.found(leads, "next_step", "=", "Presentation"), met)
        self.assertEqual(self.found(leads, "next_step", "=", False), none)
        self.assertEqual(self.found(leads, "next_step", "not ilike", "call"), leads - planned)

    def test_one_definition_with_the_board(self):
        leads = self.new_lead() | self.new_lead() | self.new_lead()
        self.plan(leads[0], -5)
        self.meet(leads[1], NOW + timedelta(days=2))
        self.meet(leads[2], NOW - timedelta(days=2))
        board = self.env["crm.control.board"].get_board(self.team.id)
        self.assertEqual(board["standing"]["without_next_step"], 1)
        self.assertEqual(self.found(leads, "next_step_state", "=", "none"), leads[2])

    def test_a_page_costs_as_much_as_a_card(self):
        leads = self.env["crm.lead"].union(*(self.new_lead() for _each in range(40)))
        for place, lead in enumerate(leads):
            if place % 3:
                self.plan(lead, place)
            if place % 4 == 0:
                self.meet(lead, NOW + timedelta(days=place))
        self.env.flush_all()
        leads[:1].mapped("next_step")
        self.env.invalidate_all()
        leads.fetch(["active", "won_status"])
        with self.assertQueryCount(1):
            leads.mapped(lambda lead: [lead[name] for name in FIELDS])

    def test_salespeople_read_and_search(self):
        lead = self.new_lead(partner_id=self.client.id)
        self.plan(lead, 1)
        own = self.env["crm.lead"].with_user(self.ivanov)
        self.assertEqual(own.search([("next_step", "=", "Call back")]), lead)
        self.assertEqual(own.browse(lead.id).next_step, "Call back")
        self.assertEqual(own.browse(lead.id).ladder_rung, "1_opportunity")

    def test_not_saved_yet(self):
        new = self.env["crm.lead"].new({"name": "New", "type": "opportunity"})
        self.assertFalse(new.next_step_state)
        self.assertFalse(new.ladder_rung)
        self.assertFalse(new.is_over_cycle)
        self.assertFalse(new.chance_text)
