from datetime import timedelta

from odoo.tests import new_test_user, tagged

from .test_next_step import NOW, NextStepCase


@tagged("post_install", "-at_install")
class TestLadder(NextStepCase):
    def rung(self, lead):
        lead.invalidate_recordset()
        found = {
            rung
            for rung, _label in lead._fields["ladder_rung"].selection
            if self.found(lead, "ladder_rung", "=", rung)
        }
        self.assertEqual(found, {lead.ladder_rung} - {False}, "search and field agree")
        return lead.ladder_rung

    def test_from_opportunity_to_deal(self):
        lead = self.new_lead(partner_id=self.client.id)
        self.assertEqual(self.rung(lead), "1_opportunity")
        self.plan(lead, 2)
        self.assertEqual(self.rung(lead), "1_opportunity", "nothing is agreed")
        meeting = self.meet(lead, NOW + timedelta(days=3))
        self.assertEqual(self.rung(lead), "2_appointment")
        meeting.write({"start": NOW - timedelta(days=1), "stop": NOW - timedelta(hours=23)})
        self.assertEqual(self.rung(lead), "1_opportunity", "not confirmed that it took place")
        self.log(lead, kind="meeting", next_step_summary="Offer", next_step_date=NOW.date())
        self.assertEqual(self.rung(lead), "3_in_work")
        for stage, rung in (
            (self.acquaintance, "3_in_work"),
            (self.presentation, "4_in_work"),
            (self.contract, "5_in_work"),
        ):
            lead.stage_id = stage
            self.assertEqual(self.rung(lead), rung)
        lead.action_set_won()
        self.assertEqual(self.rung(lead), "6_deal")

    def test_a_promise_that_passed_is_none(self):
        lead = self.new_lead(self.contract, partner_id=self.client.id)
        log = self.log(lead, next_step_summary="Offer", next_step_date=NOW.date())
        self.assertEqual(self.rung(lead), "5_in_work")
        log.next_activity_id.date_deadline = NOW.date() - timedelta(days=1)
        self.assertEqual(self.rung(lead), "1_opportunity")
        self.meet(lead, NOW + timedelta(days=1))
        self.assertEqual(self.rung(lead), "5_in_work", "another step is agreed")

    def test_planned_first_meeting(self):
        kind = self.env["mail.activity.type"].create({"name": "See", "contact_kind": "visit"})
        lead = self.new_lead(partner_id=self.client.id)
        activity = self.plan(lead, 1, activity_type_id=kind.id)
        self.assertEqual(self.rung(lead), "2_appointment")
        activity.date_deadline = NOW.date() - timedelta(days=1)
        self.assertEqual(self.rung(lead), "1_opportunity")
        activity.date_deadline = NOW.date()
        self.log(lead, kind="visit")
        self.assertEqual(self.rung(lead), "1_opportunity", "it is not the first one")
        self.meet(lead, NOW + timedelta(days=1))
        self.assertEqual(self.rung(lead), "3_in_work")

    def test_off_the_ladder(self):
        lost = self.new_lead(self.contract)
        lost.action_set_lost(lost_reason_id=self.reason.id)
        archived = self.new_lead()
        archived.action_archive()
        request = self.new_lead(type="lead")
        for lead in lost | archived | request:
            self.assertFalse(self.rung(lead))
        self.assertEqual(self.found(request, "ladder_rung", "=", False), request)

    def test_report_now(self):
        leads = self.new_lead() | self.new_lead() | self.new_lead(user=self.sidorov)
        self.meet(leads[0], NOW + timedelta(days=1))
        leads[2].action_set_won()
        self.env.cr.flush()
        rows = self.env["crm.ladder.report"]._read_group(
            [("team_id", "=", self.team.id)], ["user_id", "rung"], ["clients:sum"]
        )
        self.assertEqual(
            rows,
            [
                (self.ivanov, "1_opportunity", 1),
                (self.ivanov, "2_appointment", 1),
                (self.sidorov, "6_deal", 1),
            ],
        )
        own = self.env["crm.ladder.report"].with_user(self.ivanov)
        found = own.search([("team_id", "=", self.team.id)])
        self.assertEqual(found.lead_id, leads[:2])
        self.assertEqual(
            self.env["crm.lead"].search(found.action_open_leads()["domain"]), leads[:2]
        )

    def test_ratios_are_sum_over_sum(self):
        leads = self.env["crm.lead"].union(
            *(self.new_lead(partner_id=self.client.id) for _each in range(4))
        )
        for lead in leads[:3]:
            self.log(lead, kind="meeting")
            self.log(lead, kind="meeting", date=NOW - timedelta(days=2))
        self.log(leads[0], kind="material", next_step_summary="Call", next_step_date=NOW.date())
        self.log(leads[0], progress="Offer", progress_date=NOW.date())
        leads[1:3].write({"stage_id": self.presentation.id})
        self.env.cr.flush()
        leads[1].action_set_won()
        self.env.cr.flush()
        other = self.new_lead(user=self.sidorov)
        other.action_set_won()
        self.env.cr.flush()
        measures = [
            "meetings:sum",
            "clients:sum",
            "sales:sum",
            "meetings_per_client:avg",
            "clients_per_sale:avg",
            "meetings_per_sale:avg",
        ]
        ratio = self.env["crm.ladder.ratio"]
        domain = [("team_id", "=", self.team.id)]
        self.assertEqual(
            ratio._read_group(domain, ["user_id"], measures),
            [
                (self.ivanov, 6, 3, 1, 2.0, 3.0, 6.0),
                (self.sidorov, 0, 1, 1, 0.0, 1.0, 0.0),
            ],
        )
        self.assertEqual(ratio._read_group(domain, [], measures), [(6, 4, 2, 1.5, 2.0, 3.0)])
        ids = ratio.search(domain).ids
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(ratio.with_user(self.sidorov).search(domain).user_id, self.sidorov)

    def test_came_into_work_once_at_the_earliest(self):
        lead = self.new_lead(partner_id=self.client.id)
        lead.stage_id = self.presentation
        self.env.cr.flush()
        log = self.log(lead, progress="Offer", progress_date=NOW.date())
        fact = self.env["crm.ladder.ratio"].search(
            [("lead_id", "=", lead.id), ("fact", "=", "client")]
        )
        self.assertEqual(fact.date, log.date, "the contact was the day before")
        log.progress = False
        self.env.invalidate_all()
        fact = self.env["crm.ladder.ratio"].search(
            [("lead_id", "=", lead.id), ("fact", "=", "client")]
        )
        self.assertEqual(fact.date, NOW)

    def test_nothing_for_outsiders(self):
        self.meet(self.new_lead(), NOW + timedelta(days=1))
        outsider = new_test_user(self.env, "test_outsider", groups="sales_team.group_sale_salesman")
        for model in ("crm.ladder.report", "crm.ladder.ratio", "crm.chance.report"):
            self.assertFalse(self.env[model].with_user(outsider).search([], limit=1), model)
