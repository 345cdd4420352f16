from datetime import date

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import FunnelCase


@tagged("post_install", "-at_install")
class TestTargets(FunnelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Target = cls.env["crm.stage.target"]
        cls.head = new_test_user(
            cls.env, "head", groups="sales_team.group_sale_manager", name="Head"
        )
        cls.deputy = new_test_user(
            cls.env, "deputy", groups="sales_team.group_sale_salesman_all_leads", name="Deputy"
        )

    def override(self, rate, approve=True, **values):
        target = self.Target.create(
            {"stage_id": self.presentation.id, "target_rate": rate, **values}
        )
        if approve:
            target.action_approve()
        return target

    def target_of(self, lead):
        stays = self.stays(lead)
        return stays.filtered(lambda stay: stay.next_stage_id == self.presentation).target_rate

    def test_most_specific_wins(self):
        lead = self.new_lead(self.acquaintance)
        self.assertEqual(self.target_of(lead), 80)
        for rate, values in (
            (70, {"team_id": self.team.id}),
            (60, {"sales_role": "hunter"}),
            (55, {"sales_role": "hunter", "team_id": self.team.id}),
            (50, {"user_id": self.ivanov.id}),
        ):
            self.override(rate, **values)
            self.assertEqual(self.target_of(lead), rate)
        self.override(99, user_id=self.sidorov.id)
        self.override(98, sales_role="farmer")
        self.assertEqual(self.target_of(lead), 50)
        fresh = self.new_lead(self.acquaintance)
        self.assertEqual(self.target_of(fresh), 50, "and so for stays that begin later")

    def test_dates_are_the_companys_and_inclusive(self):
        self.env.company.funnel_tz = "Asia/Tokyo"
        self.override(50, date_from="2026-03-02", date_to="2026-03-02")
        for moment, rate in (
            ("2026-03-01 14:59:59", 80),
            ("2026-03-01 15:00:00", 50),
            ("2026-03-02 14:59:59", 50),
            ("2026-03-02 15:00:00", 80),
        ):
            with freeze_time(moment):
                self.assertEqual(self.target_of(self.new_lead(self.acquaintance)), rate, moment)

    def test_drafts_do_not_count(self):
        lead = self.new_lead(self.acquaintance)
        draft = self.override(50, approve=False)
        self.assertEqual(self.target_of(lead), 80)
        draft.with_user(self.head).action_approve()
        self.assertEqual(self.target_of(lead), 50)
        self.assertEqual(draft.approver_id, self.head)
        draft.action_draft()
        self.assertEqual(self.target_of(lead), 80)

    def test_only_a_sales_manager_approves(self):
        draft = self.Target.with_user(self.deputy).create(
            {"stage_id": self.presentation.id, "target_rate": 50, "state": "approved"}
        )
        self.assertEqual(draft.state, "draft")
        with self.assertRaises(AccessError):
            draft.action_approve()
        draft.target_rate = 55
        draft.with_user(self.head).action_approve()
        with self.assertRaises(AccessError):
            draft.target_rate = 60
        with self.assertRaises(AccessError):
            draft.unlink()
        with self.assertRaises(AccessError):
            self.Target.with_user(self.ivanov).create(
                {"stage_id": self.presentation.id, "target_rate": 50}
            )

    def test_who_approved_is_not_written_by_hand(self):
        stamp = {"approver_id": self.head.id, "approved_on": "2026-01-01 10:00:00"}
        draft = self.override(50, approve=False, user_id=self.ivanov.id).with_user(self.deputy)
        draft.write(stamp)
        self.assertFalse(draft.approver_id or draft.approved_on)
        draft.with_user(self.head).action_approve()
        self.assertEqual(draft.approver_id, self.head)
        draft.write({"approver_id": self.deputy.id})
        self.assertEqual(draft.approver_id, self.head)
        boss = new_test_user(self.env, "test_boss", groups="sales_team.group_sale_manager")
        draft.with_user(boss).target_rate = 55
        self.assertEqual(draft.approver_id, boss, "who changes it approves it as it is")
        values = {"stage_id": self.presentation.id, "target_rate": 40, "sales_role": "farmer"}
        own = self.Target.with_user(self.head).create({**values, **stamp, "state": "approved"})
        self.assertEqual(own.approver_id, self.head)
        self.assertNotEqual(str(own.approved_on), stamp["approved_on"])
        own.action_draft()
        self.assertFalse(own.approver_id or own.approved_on)

    def test_overlap_names_the_other_one(self):
        self.override(50, team_id=self.team.id, date_from="2026-01-01", date_to="2026-03-31")
        self.override(60, team_id=self.team.id, date_from="2026-04-01")
        self.override(70, sales_role="hunter")
        with self.assertRaisesRegex(ValidationError, r"2026-04-01.*60"):
            self.override(65, team_id=self.team.id, date_from="2026-05-01", date_to="2026-05-31")

    def test_changes_are_kept_in_the_chatter(self):
        target = self.override(50).with_context(tracking_disable=False)
        self.env.flush_all()
        self.cr.precommit.run()
        target.write({"target_rate": 55})
        self.env.flush_all()
        self.cr.precommit.run()
        target.invalidate_recordset()
        values = target.message_ids.sudo().tracking_value_ids
        self.assertIn((50, 55), [(v.old_value_float, v.new_value_float) for v in values])

    def test_changing_a_stages_target_leaves_the_past_alone(self):
        with freeze_time("2026-03-02 10:00:00"):
            self.presentation.target_rate = 70
            lead = self.new_lead(self.acquaintance)
        with freeze_time("2026-03-09 10:00:00"):
            self.presentation.target_rate = 85
            later = self.new_lead(self.acquaintance)
        self.assertEqual((self.target_of(lead), self.target_of(later)), (70, 85))
        former = self.Target.search([("stage_id", "=", self.presentation.id)])
        self.assertEqual((former.target_rate, former.date_to), (70, date(2026, 3, 8)))

    def test_changing_a_stages_target_around_a_period_of_its_own(self):
        """What a general target for a period leaves open keeps the former target, too."""
        moments = ("2026-01-14 10:00:00", "2026-03-11 10:00:00", "2026-04-15 10:00:00")
        with freeze_time("2026-01-05 10:00:00"):
            self.presentation.target_rate = 70
        leads = []
        for moment in moments:
            with freeze_time(moment):
                leads.append(self.new_lead(self.acquaintance))
        self.override(90, date_from="2026-03-01", date_to="2026-03-31")
        self.assertEqual([self.target_of(lead) for lead in leads], [70, 90, 70])
        with freeze_time("2026-06-01 10:00:00"):
            self.presentation.target_rate = 60
            leads.append(self.new_lead(self.acquaintance))
        self.assertEqual([self.target_of(lead) for lead in leads], [70, 90, 70, 60])
        with freeze_time("2026-06-08 10:00:00"):
            self.presentation.target_rate = 50
        self.assertEqual([self.target_of(lead) for lead in leads], [70, 90, 70, 60])

    def test_changing_a_stages_target_under_one_for_ever(self):
        with freeze_time("2026-01-05 10:00:00"):
            self.presentation.target_rate = 70
            before = self.new_lead(self.acquaintance)
        self.override(90, date_from="2026-03-01")
        with freeze_time("2026-06-01 10:00:00"):
            self.presentation.target_rate = 60
            after = self.new_lead(self.acquaintance)
        self.assertEqual((self.target_of(before), self.target_of(after)), (70, 90))

    def test_first_target_applies_to_all_the_past(self):
        stage = self.env["crm.stage"].create(
            {"name": "No Target", "sequence": 3, "team_ids": self.team.ids, "target_rate": 0}
        )
        self.payment.sequence = 9
        lead = self.new_lead(self.acquaintance)
        stays = self.stays(lead).filtered(lambda stay: stay.next_stage_id == stage)
        self.assertFalse(stays.target_rate)
        stage.target_rate = 40
        self.assertEqual(stays.target_rate, 40)

    def test_settings(self):
        with Form(self.env["res.config.settings"]) as settings:
            self.assertEqual(settings.funnel_undo_grace, 0)
            settings.funnel_undo_grace = 7
            settings.funnel_default_target_rate = 75
        settings.record.execute()
        self.assertEqual(self.History._undo_grace(), 7)
        self.assertEqual(self.env["crm.stage"].create({"name": "New"}).target_rate, 75)
        with self.assertRaises(ValidationError):
            self.env["res.config.settings"].create({"funnel_undo_grace": -1})


@tagged("post_install", "-at_install")
class TestFunnelBuilder(FunnelCase):
    def test_reference_active_funnel(self):
        self.assertEqual(
            self.stages.mapped("name"),
            ["Client List", "Acquaintance", "Presentation", "Contract", "Payment"],
        )
        self.assertEqual(self.stages.mapped("target_rate"), [0, 100, 80, 80, 95])
        self.assertEqual(self.stages.mapped("work_block"), ["1", "1", "2", "3", "3"])
        self.assertEqual(self.stages.filtered("is_won"), self.payment)
        self.assertEqual(self.team.crm_team_member_ids.mapped("sales_role"), ["hunter"] * 2)

    def test_touches_no_existing_stage(self):
        stages = self.env["crm.stage"].search([])
        names = ["name", "sequence", "team_ids", "is_won", "target_rate", "work_block"]
        before = stages.read(names)
        team = self._make_team("Farmers")
        with Form(
            self.env["crm.funnel.builder"].with_context(**team.action_build_funnel()["context"])
        ) as wizard:
            wizard.funnel_kind = "proactive"
            with wizard.line_ids.edit(1) as line:
                line.name = "First Call"
        wizard.record.action_build()
        self.assertEqual(stages.read(names), before)
        self.assertTrue(team.has_own_funnel)
        self.assertEqual(team.funnel_kind, "proactive")
        self.assertEqual(
            self.env["crm.stage"].search([("team_ids", "in", team.ids)]).mapped("name"),
            ["Base Analysis", "First Call", "Visit", "Offer", "Repeat Purchase"],
        )
        with self.assertRaises(UserError):
            wizard.record.action_build()

    def test_stages_are_named_in_every_language(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        team = self._make_team("Хантеры")
        stages = self._build_funnel(team)
        self.assertEqual(stages[1].name, "Acquaintance")
        self.assertEqual(stages.with_context(lang="ru_RU")[1].name, "Знакомство")

    def test_own_funnel_leaves_shared_stages_out(self):
        shared = self.env["crm.stage"].create({"name": "Shared", "sequence": 0})
        Lead = self.env["crm.lead"].with_context(default_team_id=self.team.id)
        lead = Lead.create({"name": "Lead", "type": "opportunity", "user_id": False})
        self.assertEqual(lead.stage_id, self.list)
        columns = Lead._read_group_stage_ids(self.env["crm.stage"], [])
        self.assertEqual(columns, self.stages)
        self.assertNotIn(shared, columns)
        self.assertFalse(self.env["crm.stage"]._funnel(self.team.id).next_stage(shared.id))

    def test_parked_stage_is_no_progress(self):
        parked = self.env["crm.stage"].create(
            {"name": "On Hold", "sequence": 99, "team_ids": self.team.ids}
        )
        lead = self.new_lead(self.contract)
        lead.stage_id = parked
        self.assertEqual(self.stays(lead)[-2].exit, "moved_back")
        self.assertEqual(self.rates()["Payment"], (1, 0, 0))
        lead.stage_id = self.payment
        self.assertEqual(self.rates()["Payment"], (1, 1, 100))

    def test_back_from_a_parked_stage(self):
        """Who is taken back to where they stood has passed nothing on the way."""
        parked = self.env["crm.stage"].create(
            {"name": "On Hold", "sequence": 99, "team_ids": self.team.ids}
        )
        lead = self.new_lead()
        for stage in (self.acquaintance, self.presentation, parked, self.presentation, parked):
            lead.stage_id = stage
        self.assertNotIn("skipped", self.stays(lead).mapped("origin"))
        lead.stage_id = self.payment
        skipped = self.stays(lead).filtered("is_skipped")
        self.assertEqual(skipped.stage_id, self.contract, "only what it had not come to yet")
