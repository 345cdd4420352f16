from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import FunnelCase

_WORDS = "Yours is a week late every time"


class RefusalCase(FunnelCase):
    """Refusals are enforced, as they are after installation."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_enforcement("on")
        cls.Refusal = cls.env["crm.lead.refusal"]
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Smirnenko"
        )
        cls.no_budget = cls.env.ref("sales_funnel_control.lost_reason_no_budget")
        cls.supplier = cls.env.ref("sales_funnel_control.lost_reason_other_supplier")
        cls.unstated = cls.env.ref("sales_funnel_control.lost_reason_unstated")
        cls.client = cls.env["res.partner"].create({"name": "Romashka", "is_company": True})

    def refused(self, user=None, reason=None, **values):
        """The refusal of a new opportunity of the client."""
        values.setdefault("partner_id", self.client.id)
        lead = self.new_lead(self.presentation, user, **values)
        lead.action_set_lost(lost_reason_id=(reason or self.no_budget).id, words=_WORDS)
        return lead._latest_refusal()

    def run_cron(self, name):
        with self.enter_registry_test_mode():
            self.env.ref(f"sales_funnel_control.ir_cron_{name}").method_direct_trigger()

    def refusals(self, leads):
        return self.Refusal.search([("lead_id", "in", leads.ids)])


@tagged("post_install", "-at_install")
class TestEnforcement(RefusalCase):
    def assert_untouched(self, lead, **kept):
        lead.invalidate_recordset()
        self.assertTrue(lead.active)
        self.assertEqual(lead.won_status, "pending")
        self.assertFalse(lead.lost_reason_id)
        for name, value in kept.items():
            self.assertEqual(lead[name], value)
        self.assertFalse(self.refusals(lead))

    def test_no_path_loses_without_a_reason(self):
        lead = self.new_lead(self.presentation)
        cold = self.new_lead(self.presentation, probability=0)
        paths = {
            "action": lead.action_set_lost,
            "raw write": lambda: lead.write({"active": False, "probability": 0}),
            "two writes": lambda: (
                lead.write({"probability": 0}),
                lead.write({"active": False}),
            ),
            "archived first": lambda: (
                lead.action_archive(),
                lead.write({"probability": 0}),
            ),
            "archived at 0 %": cold.action_archive,
            "born lost": lambda: self.env["crm.lead"].create(
                {
                    "name": "Old",
                    "type": "opportunity",
                    "team_id": self.team.id,
                    "active": False,
                    "probability": 0,
                }
            ),
            "many": (lead | cold).action_set_lost,
        }
        for name, path in paths.items():
            with (
                self.subTest(path=name),
                self.assertRaisesRegex(ValidationError, "Why did the client refuse"),
                self.cr.savepoint(),
            ):
                path()
            self.assert_untouched(lead)
            self.assert_untouched(cold, probability=0)

    def test_every_path_with_a_reason_gives_one_refusal(self):
        reason = {"lost_reason_id": self.reason.id}

        def wizard(lead):
            form = Form(self.env["crm.lead.lost"].with_context(default_lead_ids=lead.ids))
            form.lost_reason_id = self.reason
            form.words = _WORDS
            form.save().action_lost_reason_apply()

        paths = {
            "action": lambda lead: lead.action_set_lost(**reason),
            "raw write": lambda lead: lead.write({"active": False, "probability": 0, **reason}),
            "reason first": lambda lead: (lead.write(reason), lead.action_archive()),
            "twice": lambda lead: (
                lead.action_set_lost(**reason),
                lead.action_set_lost(**reason),
            ),
            "wizard": wizard,
        }
        for name, path in paths.items():
            for probability in (0, 40):
                with self.subTest(path=name, probability=probability):
                    lead = self.new_lead(self.presentation, probability=probability)
                    path(lead)
                    if lead.active or lead.won_status == "pending":
                        lead.write({"active": False, "probability": 0})
                    refusal = self.refusals(lead)
                    self.assertEqual(len(refusal), 1)
                    self.assertEqual(refusal.lost_reason_id, self.reason)
                    self.assertEqual(refusal.stage_id, self.presentation)
                    self.assertEqual(refusal.user_id, self.ivanov)

    def test_import(self):
        columns = ["name", "type", "team_id/.id", "active", "probability", "lost_reason_id/.id"]
        row = ["Imported", "opportunity", str(self.team.id), "False", "0"]
        result = self.env["crm.lead"].load(columns, [[*row, ""]])
        self.assertFalse(result["ids"])
        self.assertIn("Why did the client refuse", result["messages"][0]["message"])
        self.assertFalse(
            self.env["crm.lead"]
            .with_context(active_test=False)
            .search([("name", "=", "Imported"), ("team_id", "=", self.team.id)])
        )
        result = self.env["crm.lead"].load(columns, [[*row, str(self.unstated.id)]])
        [refusal] = self.refusals(self.env["crm.lead"].browse(result["ids"]))
        self.assertTrue(refusal.is_incomplete)
        self.assertIn(refusal, self.Refusal.search([("is_incomplete", "=", True)]))

    def test_reason_cannot_be_taken_away(self):
        lead = self.refused().lead_id
        with self.assertRaises(ValidationError), self.cr.savepoint():
            lead.write({"lost_reason_id": False})

    def test_former_reason_is_not_enough(self):
        lead = self.refused().lead_id
        lead.write({"active": True, "probability": 0})
        with self.assertRaises(ValidationError), self.cr.savepoint():
            lead.action_archive()
        copied = self.refused().lead_id.copy({"active": True, "probability": 0})
        with self.assertRaises(ValidationError), self.cr.savepoint():
            copied.action_archive()

    def test_off_by_company_parameter_and_for_leads(self):
        company = self.env.company
        lead = self.new_lead(type="lead", probability=0)
        lead.action_set_lost()
        company.refusal_reason_for_leads = True
        lead = self.new_lead(type="lead", probability=0)
        with self.assertRaises(ValidationError), self.cr.savepoint():
            lead.action_set_lost()
        company.refusal_reason_required = False
        lead.action_set_lost()
        self.new_lead().action_set_lost()
        company.refusal_reason_required = True
        self.set_enforcement("off")
        lead = self.new_lead()
        lead.action_set_lost()
        self.assertEqual(len(self.refusals(lead)), 1)

    def test_withdrawn_is_no_refusal(self):
        lead = self.new_lead(probability=30)
        lead.action_archive()
        self.assertFalse(self.refusals(lead))


@tagged("post_install", "-at_install")
class TestWizard(RefusalCase):
    def wizard(self, leads, reason):
        form = Form(
            self.env["crm.lead.lost"]
            .with_user(self.ivanov)
            .with_context(default_lead_ids=leads.ids)
        )
        form.lost_reason_id = reason
        return form

    def test_proposes_return_and_offer(self):
        lead = self.new_lead()
        with freeze_time("2026-03-02 12:00:00"):
            form = self.wizard(lead, self.no_budget)
            self.assertEqual(form.return_on, date(2026, 5, 16))
            self.assertEqual((form.offer, form.offer_on), ("Market overview", date(2026, 4, 16)))
            form.words = _WORDS
            form.has_offer = True
            form.save().action_lost_reason_apply()
        refusal = lead._latest_refusal()
        self.assertEqual(refusal.words, _WORDS)
        self.assertEqual(refusal.return_on, date(2026, 5, 16))
        self.assertEqual((refusal.offer, refusal.offer_on), ("Market overview", date(2026, 4, 16)))

    def test_offer_only_if_agreed(self):
        lead = self.new_lead()
        form = self.wizard(lead, self.no_budget)
        form.words = _WORDS
        form.save().action_lost_reason_apply()
        self.assertFalse(lead._latest_refusal().offer)

    def test_words_and_real_cause_are_asked_for(self):
        lead = self.new_lead()
        form = self.wizard(lead, self.supplier)
        form.words = "No."
        form.real_cause = "cheaper"
        with self.assertRaisesRegex(UserError, "10 characters"), self.cr.savepoint():
            form.save().action_lost_reason_apply()
        wizard = self.env["crm.lead.lost"].create(
            {"lead_ids": lead.ids, "lost_reason_id": self.supplier.id, "words": _WORDS}
        )
        with self.assertRaisesRegex(UserError, "rarely the real cause"), self.cr.savepoint():
            wizard.action_lost_reason_apply()
        self.assertTrue(lead.active)
        wizard.real_cause = "delivery"
        wizard.action_lost_reason_apply()
        refusal = lead._latest_refusal()
        self.assertEqual(refusal.real_cause, "delivery")
        self.assertFalse(refusal.is_incomplete)

    def test_spam_needs_no_words(self):
        lead = self.new_lead()
        self.wizard(lead, self.spam).save().action_lost_reason_apply()
        refusal = lead._latest_refusal()
        self.assertTrue(refusal.is_spam_or_duplicate)
        self.assertFalse(refusal.is_incomplete)

    def test_many_at_once(self):
        leads = self.new_lead() | self.new_lead(self.presentation) | self.new_lead(probability=0)
        form = self.wizard(leads, self.no_budget)
        form.words = _WORDS
        form.save().action_lost_reason_apply()
        refusals = self.refusals(leads)
        self.assertEqual(len(refusals), 3)
        self.assertEqual(set(refusals.mapped("words")), {_WORDS})

    def test_shipped_reasons_and_objections(self):
        """The seven reasons, when each client is returned to and what they are offered."""
        shipped = {
            "no_budget": 75,
            "other_supplier": 90,
            "price": 60,
            "not_planned": 90,
            "product": 120,
            "not_interested": 180,
            "delivery": 60,
        }
        for name, days in shipped.items():
            reason = self.env.ref(f"sales_funnel_control.lost_reason_{name}")
            self.assertEqual(reason.return_days, days, name)
            self.assertTrue(reason.open_door_offer and reason.open_door_days, name)
        for name in (
            "couple_of_weeks",
            "no_time",
            "new_in_job",
            "no_money",
            "seems_fit",
            "need_feature",
            "when_start",
        ):
            objection = self.env.ref(f"sales_funnel_control.objection_{name}")
            self.assertTrue(objection.name and objection.meaning and objection.answer, name)
            self.assertFalse(objection.stage_ids, "on every stage")

    def test_playbook_before_there_is_a_reason(self):
        """What is heard on every stage is at hand from the beginning."""
        here, elsewhere = self.env["crm.objection"].create(
            [
                {"name": name, "meaning": "m", "answer": "a", "stage_ids": stage.ids}
                for name, stage in (("Here", self.list), ("Elsewhere", self.contract))
            ]
        )
        form = self.wizard(self.new_lead(), self.env["crm.lost.reason"])
        shown = form.objection_ids[:]
        self.assertIn(self.env.ref("sales_funnel_control.objection_no_time"), shown)
        self.assertIn(here, shown)
        self.assertNotIn(elsewhere, shown)

    def test_objections_match(self):
        form = self.wizard(self.new_lead(), self.no_budget)
        self.assertIn(
            self.env.ref("sales_funnel_control.objection_no_money"), form.objection_ids[:]
        )
        self.assertNotIn(
            self.env.ref("sales_funnel_control.objection_no_time"), form.objection_ids[:]
        )

    def test_words_are_escaped_in_the_chatter(self):
        lead = self.new_lead().with_context(tracking_disable=False)
        wizard = self.env["crm.lead.lost"].create(
            {
                "lead_ids": lead.ids,
                "lost_reason_id": self.no_budget.id,
                "words": "<img src=x onerror=alert(1)> too much",
            }
        )
        wizard.with_context(tracking_disable=False).action_lost_reason_apply()
        self.env.cr.flush()
        bodies = "".join(lead.message_ids.mapped("body"))
        self.assertIn("too much", bodies)
        self.assertNotIn("<img", bodies)


@tagged("post_install", "-at_install")
class TestRegister(RefusalCase):
    def test_snapshot(self):
        lead = self.new_lead(
            self.presentation,
            lead_class="a",
            expected_revenue=5000,
            partner_id=self.client.id,
        )
        refusal_values = {"lost_reason_id": self.reason.id, "words": _WORDS}
        lead.action_set_lost(**refusal_values)
        refusal = lead._latest_refusal()
        self.assertEqual(refusal.partner_id, self.client)
        self.assertEqual(refusal.sales_role, "hunter")
        self.assertEqual(refusal.lead_class, "a")
        self.assertEqual(refusal.amount, 5000)
        self.assertEqual(refusal.manager_name, "Ivanenko")
        self.assertEqual(refusal.state, "new")
        self.assertEqual(refusal.stay_id, self.stays(lead)[-1])

    def test_outlives_reopening_reassignment_and_deletion(self):
        refusal = self.refused()
        lead = refusal.lead_id
        lead.action_restore()
        lead.user_id = self.sidorov
        lead.action_set_lost(lost_reason_id=self.reason.id)
        first, second = self.refusals(lead).sorted("id")
        self.assertEqual((first.user_id, second.user_id), (self.ivanov, self.sidorov))
        self.assertEqual(first.lost_reason_id, self.no_budget)
        self.assertEqual(first.words, _WORDS)
        lead.unlink()
        self.assertFalse(first.exists().lead_id)
        self.assertEqual(first.lead_name, "Lead")
        self.assertEqual(first.lost_reason_id, self.no_budget)

    def test_outlives_merge(self):
        refusal = self.refused()
        lead = refusal.lead_id
        lead.action_restore()
        other = self.new_lead(self.contract, partner_id=self.client.id)
        survivor = (lead | other).merge_opportunity()
        self.env.cr.flush()
        self.assertEqual(refusal.exists().lead_id, survivor)
        self.assertEqual(refusal.lost_reason_id, self.no_budget)

    def test_reason_is_corrected_everywhere(self):
        refusal = self.refused(reason=self.unstated)
        lead = refusal.lead_id
        refusal.with_user(self.ivanov).lost_reason_id = self.reason
        self.assertEqual(lead.lost_reason_id, self.reason)
        self.assertEqual(self.stays(lead)[-1].lost_reason_id, self.reason)
        lead.lost_reason_id = self.spam
        self.assertEqual(self.refusals(lead).lost_reason_id, self.spam)
        lead.action_restore()
        self.refusals(lead).lost_reason_id = self.no_budget
        self.assertFalse(lead.lost_reason_id)
        refused_stay = self.stays(lead).filtered(lambda stay: stay.exit == "refused")
        self.assertEqual(refused_stay.lost_reason_id, self.no_budget)

    def test_rebuilding_the_ledger_keeps_the_register(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Old",
                "type": "opportunity",
                "team_id": self.team.id,
                "stage_id": self.list.id,
            }
        )
        lead.action_set_lost(lost_reason_id=self.reason.id)
        self.env.cr.flush()
        self.stays(lead).unlink()
        self.History._backfill(lead.ids)
        before = self.refusals(lead)
        self.History._backfill(lead.ids)
        self.assertTrue(before)
        self.assertEqual(self.refusals(lead), before)
        self.assertTrue(before.stay_id)

    def test_missing_ones_are_registered_by_night(self):
        refusal = self.refused()
        lead = refusal.lead_id
        refusal.unlink()
        self.run_cron("register_refusals")
        self.assertEqual(len(self.refusals(lead)), 1)
        self.run_cron("register_refusals")
        self.assertEqual(len(self.refusals(lead)), 1)

    def test_incomplete_as_searched(self):
        refusals = (
            self.refused()
            | self.refused(reason=self.supplier)
            | self.refused(reason=self.unstated)
            | self.refused(reason=self.spam)
        )
        silent = self.new_lead()
        silent.action_set_lost(lost_reason_id=self.reason.id)
        refusals |= silent._latest_refusal()
        domain = [("id", "in", refusals.ids)]
        found = self.Refusal.search([*domain, ("is_incomplete", "=", True)])
        self.assertEqual(found, refusals.filtered("is_incomplete"))
        self.assertEqual(len(found), 3)
        rest = self.Refusal.search([*domain, ("is_incomplete", "=", False)])
        self.assertEqual(rest | found, refusals.sorted(self.Refusal._order.partition(",")[0]))

    def test_queries_do_not_grow(self):
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Lead {number}",
                    "type": "opportunity",
                    "team_id": self.team.id,
                    "user_id": self.ivanov.id,
                    "stage_id": self.list.id,
                }
                for number in range(120)
            ]
        )
        self.env.cr.flush()

        def lose(some):
            some.action_set_lost(lost_reason_id=self.reason.id, words=_WORDS)
            self.env.cr.flush()

        lose(leads[:10])
        with self.assertQueryCount(40):
            start = self.env.cr.sql_log_count
            lose(leads[10:20])
            few = self.env.cr.sql_log_count - start
        start = self.env.cr.sql_log_count
        lose(leads[20:])
        self.assertLessEqual(self.env.cr.sql_log_count - start, few + 2)
        self.assertEqual(len(self.refusals(leads)), 120)

    def test_deal_from_before_the_installation(self):
        """It is lost now: somebody completes and reviews it."""
        lead = self.new_lead(self.presentation)
        self.stays(lead).unlink()
        self.History._backfill(lead.ids)
        self.assertTrue(self.stays(lead)[-1].is_reconstructed)
        lead.action_set_lost(lost_reason_id=self.no_budget.id)
        refusal = lead._latest_refusal()
        self.assertFalse(refusal.is_reconstructed)
        self.assertTrue(refusal.is_incomplete)
        self.assertTrue(refusal.return_on)

    def test_rebuilt_a_second_apart(self):
        refusal = self.refused()
        lead = refusal.lead_id
        self.stays(lead).unlink()
        refusal.invalidate_recordset()
        refusal.refused_at -= timedelta(seconds=2)
        self.env.cr.execute(
            "UPDATE crm_lead SET date_closed = %s WHERE id = %s",
            [refusal.refused_at + timedelta(seconds=2), lead.id],
        )
        self.History._backfill(lead.ids)
        self.assertEqual(self.refusals(lead), refusal)
        self.assertTrue(refusal.stay_id)
        self.assertEqual(refusal.words, _WORDS)

    def test_merging_lost_deals_is_no_refusal(self):
        first, second = self.refused(), self.refused(self.sidorov)
        survivor = (first.lead_id | second.lead_id).merge_opportunity()
        self.env.cr.flush()
        self.assertFalse(survivor.active)
        self.assertEqual(self.refusals(survivor), (first | second).sorted("id", reverse=True))
        self.assertEqual(len((first | second).filtered("stay_id")), 1)

    def test_lost_deal_merged_into_one_in_work(self):
        refusal = self.refused()
        present = self.new_lead(self.contract, self.sidorov, partner_id=self.client.id)
        survivor = (refusal.lead_id | present).merge_opportunity()
        self.env.cr.flush()
        self.assertEqual(refusal.return_lead_id, survivor)
        survivor.action_set_won()
        self.env.cr.flush()
        self.assertTrue(refusal.is_won_back)

    def test_unassigned_lead_lost_by_a_salesperson(self):
        lead = self.new_lead(partner_id=self.client.id)
        lead.user_id = False
        self.env.cr.flush()
        lead.with_user(self.ivanov).action_set_lost(
            lost_reason_id=self.no_budget.id, words=_WORDS, return_on="2030-01-01"
        )
        refusal = self.refusals(lead)
        self.assertEqual((refusal.words, refusal.return_on), (_WORDS, date(2030, 1, 1)))

    def test_corrected_reason_plans_anew(self):
        refusal = self.refused(reason=self.unstated)
        self.assertFalse(refusal.return_on)
        refusal.with_user(self.ivanov).lost_reason_id = self.no_budget
        planned = self.refused().return_on
        self.assertEqual(refusal.return_on, planned)
        refusal.lead_id.lost_reason_id = self.supplier
        self.assertEqual(self.refusals(refusal.lead_id).return_on, planned + timedelta(days=15))
        refusal.return_on = date(2030, 1, 1)
        refusal.lost_reason_id = self.no_budget
        self.assertEqual(refusal.return_on, date(2030, 1, 1), "another day was agreed")
        refusal.lost_reason_id = self.spam
        self.assertFalse(refusal.return_on)

    def test_story_is_not_taken_away(self):
        refusal = self.refused().with_user(self.ivanov)
        for values in ({"lost_reason_id": False}, {"words": ""}):
            with self.assertRaises(UserError):
                refusal.write(values)
        refusal.sudo().action_rule_market()
        refusal.lost_reason_id = self.spam
        self.assertEqual(refusal.state, "new")

    def test_opportunity_is_one_by_any_name(self):
        lead = self.new_lead(self.presentation)
        lead.type = "lead"
        with self.assertRaises(ValidationError), self.cr.savepoint():
            lead.action_set_lost()
        mere = self.new_lead(type="lead")
        mere.action_set_lost()
        with self.assertRaises(ValidationError), self.cr.savepoint():
            mere.type = "opportunity"


@tagged("post_install", "-at_install")
class TestReview(RefusalCase):
    def test_rulings(self):
        for ruling in ("market", "excuse"):
            refusal = self.refused()
            getattr(refusal.with_user(self.head), f"action_rule_{ruling}")()
            self.assertEqual((refusal.ruling, refusal.state), (ruling, "reviewed"))
            self.assertEqual(refusal.reviewed_by_id, self.head)
        activity = refusal.lead_id.with_context(active_test=False).activity_ids
        self.assertEqual(activity.user_id, self.ivanov)
        self.assertIn(_WORDS, activity.note)

    def test_gap_needs_a_note(self):
        refusal = self.refused().with_user(self.head)
        action = refusal.action_rule_work_gap()
        self.assertEqual((action["target"], action["res_id"]), ("new", refusal.id))
        self.assertEqual(refusal.state, "new")
        form = Form(refusal, view="sales_funnel_control.crm_lead_refusal_view_form_note")
        form.coaching_note = "We carry it since March"
        form.save().action_rule_work_gap()
        self.assertEqual((refusal.ruling, refusal.state), ("work_gap", "reviewed"))
        self.assertIn("since March", refusal.lead_id.activity_ids.note)
        self.assertEqual(refusal.lead_id.activity_ids.user_id, self.ivanov)

    def test_excuse_comes_back_when_the_cause_is_found(self):
        refusal = self.refused(reason=self.supplier)
        refusal.with_user(self.head).action_rule_excuse()
        refusal.with_user(self.ivanov).write({"real_cause": "quality"})
        self.assertEqual((refusal.ruling, refusal.state), ("excuse", "new"))

    def test_who_may_rule(self):
        refusal = self.refused()
        for user in (self.ivanov, self.sidorov):
            with self.assertRaises(AccessError):
                refusal.with_user(user).action_rule_market()
        with self.assertRaises(AccessError):
            refusal.with_user(self.ivanov).coaching_note = "I am fine"
        self.team.user_id = self.sidorov
        refusal.with_user(self.sidorov).action_rule_market()
        self.assertEqual(refusal.ruling, "market")

    def test_who_may_write_what(self):
        refusal = self.refused()
        own = refusal.with_user(self.ivanov)
        own.words = "They want it sooner"
        for values in ({"ruling": "market"}, {"user_id": self.sidorov.id}, {"amount": 1}):
            with self.assertRaises(AccessError):
                own.write(values)
        with self.assertRaises(AccessError):
            self.Refusal.with_user(self.head).create({"refused_at": fields.Datetime.now()})
        with self.assertRaises(AccessError):
            refusal.with_user(self.head).unlink()
        with self.assertRaises(AccessError):
            refusal.with_user(self.sidorov).read(["words"])

    def test_rates(self):
        rulings = ["market", "market", "excuse", None]
        for ruling in rulings:
            refusal = self.refused()
            if ruling:
                getattr(refusal.with_user(self.head), f"action_rule_{ruling}")()
        [[market, excuse, gap]] = self.Refusal._read_group(
            [("team_id", "=", self.team.id)],
            [],
            ["market_rate:avg", "excuse_rate:avg", "work_gap_rate:avg"],
        )
        self.assertAlmostEqual(market, 200 / 3)
        self.assertAlmostEqual(excuse, 100 / 3)
        self.assertEqual(gap, 0)


@tagged("post_install", "-at_install")
class TestReturn(RefusalCase):
    def due(self, refusal, days=0):
        return freeze_time(
            fields.Datetime.to_datetime(refusal.return_on) + timedelta(days=days, hours=12)
        )

    def reminders(self, record):
        return record.activity_ids

    def test_on_the_day_and_once(self):
        refusal = self.refused()
        lead = refusal.lead_id
        with self.due(refusal, -1):
            self.run_cron("follow_up_refusals")
        self.assertFalse(self.reminders(lead))
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
            self.run_cron("follow_up_refusals")
        activity = self.reminders(lead)
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.ivanov)
        self.assertEqual(activity.date_deadline, refusal.return_on)
        self.assertIn(_WORDS, activity.note)
        with self.due(refusal, 3):
            activity.action_feedback(feedback="Budget in July")
        self.assertTrue(refusal.returned_on)
        self.assertEqual(refusal.return_result, "on_time")

    def test_manager_left(self):
        refusal = self.refused()
        self.team.user_id = self.head
        self.ivanov.active = False
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
        self.assertEqual(self.reminders(refusal.lead_id).user_id, self.head)

    def test_client_has_a_new_deal(self):
        first, second = self.refused(), self.refused()
        present = self.new_lead(user=self.sidorov, partner_id=self.client.id)
        with self.due(first):
            self.run_cron("follow_up_refusals")
        self.assertFalse(self.reminders(first.lead_id | second.lead_id))
        activity = self.reminders(present)
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.sidorov)
        self.assertEqual((first | second).return_activity_id, activity)

    def test_deal_was_deleted(self):
        refusal = self.refused()
        refusal.lead_id.unlink()
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
        self.assertTrue(refusal.return_lead_id)
        self.assertEqual(refusal.return_lead_id.partner_id, self.client)
        self.assertEqual(len(refusal.return_lead_id.activity_ids), 1)

    def test_return_reopens(self):
        refusal = self.refused()
        with self.due(refusal, 10):
            action = refusal.with_user(self.ivanov).action_return()
        self.assertEqual(action["res_id"], refusal.lead_id.id)
        self.assertEqual(refusal.lead_id.won_status, "pending")
        self.assertEqual(refusal.return_result, "late")
        self.assertEqual(refusal.return_lead_id, refusal.lead_id)
        refusal.lead_id.action_set_won()
        self.env.cr.flush()
        self.assertTrue(refusal.is_won_back)
        refusal.lead_id.stage_id = self.contract
        self.env.cr.flush()
        self.assertFalse(refusal.is_won_back)

    def test_win_that_was_undone(self):
        """A deal that is dragged to won by mistake, and back at once, has won nobody back."""
        self.set_grace(5)
        refusal = self.refused()
        with self.due(refusal):
            refusal.with_user(self.ivanov).action_return()
        lead = refusal.lead_id
        self.env.cr.flush()
        stage = lead.stage_id
        begin = fields.Datetime.now() + timedelta(days=20)
        for minutes, target, is_won_back in ((0, self.payment, True), (2, stage, False)):
            with freeze_time(begin + timedelta(minutes=minutes)):
                lead.stage_id = target
                self.env.cr.flush()
            self.assertEqual(refusal.is_won_back, is_won_back)
        self.assertEqual(self.stays(lead)[-1].exit, "still_there")

    def test_weeks_follow_the_time_zone(self):
        company = self.env.company
        company.funnel_tz = "UTC"
        with freeze_time("2026-03-01 23:30:00"):  # Sunday in UTC, Monday in Berlin
            refusal = self.refused()
        self.assertEqual(str(refusal.week_start), "2026-02-23")
        company.funnel_tz = "Europe/Berlin"
        self.assertEqual(str(refusal.week_start), "2026-03-02")

    def test_deal_of_a_company_team_was_deleted(self):
        self.team.company_id = self.env.company
        broken, refusal = self.refused(), self.refused(partner_id=False)
        refusal.lead_id.partner_id = self.env["res.partner"].create({"name": "Other"})
        refusal.partner_id = refusal.lead_id.partner_id
        broken.lead_id.unlink()
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
        self.assertEqual(broken.return_lead_id.company_id, self.env.company)
        self.assertTrue(self.reminders(refusal.lead_id))

    def test_one_that_fails_does_not_stop_the_others(self):
        broken, refusal = self.refused(), self.refused(partner_id=False)
        present_leads = type(self.Refusal)._present_leads

        def fail(refusals):
            if broken in refusals:
                raise UserError("This one cannot be followed up")
            return present_leads(refusals)

        with (
            self.due(refusal),
            patch.object(type(self.Refusal), "_present_leads", fail),
            self.assertLogs("odoo.addons.sales_funnel_control", "WARNING"),
        ):
            self.run_cron("follow_up_refusals")
        self.assertFalse(broken.return_activity_id)
        self.assertTrue(refusal.return_activity_id)

    def test_former_manager(self):
        """The lost deal was given to a colleague: the refusal can be read, not taken back."""
        refusal = self.refused()
        refusal.lead_id.user_id = self.sidorov
        own = refusal.with_user(self.ivanov)
        form = Form(own)
        self.assertFalse(form.partner_phone)
        with self.assertRaisesRegex(UserError, "Sidorenko works with"):
            own.action_return()
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
        self.assertEqual(self.reminders(refusal.lead_id).user_id, self.sidorov)

    def test_blacklisted_client(self):
        refusal = self.refused()
        self.client.write({"is_sales_blacklisted": True, "sales_blacklist_reason": "Owes us"})
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
        self.assertFalse(self.reminders(refusal.lead_id))
        with self.assertRaisesRegex(UserError, "blacklisted"):
            refusal.action_return()

    def test_offer_goes_to_who_works_the_client(self):
        refusal = self.refused()
        present = self.new_lead(user=self.sidorov, partner_id=self.client.id)
        refusal.write({"offer": "Prices", "offer_on": date(2030, 3, 1)})
        with freeze_time("2030-03-01 12:00:00"):
            refusal.return_on = False
            self.run_cron("follow_up_refusals")
        self.assertEqual(self.reminders(present).user_id, self.sidorov)

    def test_reminders_are_made_in_one_go(self):
        clients = self.env["res.partner"].create([{"name": f"Client {n}"} for n in range(30)])

        def count(partners):
            refusals = self.Refusal.browse(
                self.refused(partner_id=partner.id).id for partner in partners
            )
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            self.Refusal._remind_of_return(refusals)
            self.env.flush_all()
            return self.env.cr.sql_log_count - start

        count(clients[:2])
        few = count(clients[2:6])
        self.assertLessEqual(count(clients[6:30]), few + 25)

    def test_buyer_goes_to_the_proactive_funnel(self):
        farmers = self._make_team("Test Farmers", funnel_kind="proactive", sequence=-1)
        self._build_funnel(farmers, "proactive")
        won = self.new_lead(partner_id=self.client.id)
        won.action_set_won()
        refusal = self.refused()
        refusal.action_return()
        self.assertEqual(refusal.return_lead_id.team_id.funnel_kind, "proactive")
        self.assertNotEqual(refusal.return_lead_id, refusal.lead_id)
        self.assertEqual(refusal.lead_id.won_status, "lost")

    def test_colleague_works_the_client(self):
        refusal = self.refused()
        self.new_lead(user=self.sidorov, partner_id=self.client.id)
        with self.assertRaisesRegex(UserError, "Sidorenko works with Romashka"):
            refusal.with_user(self.ivanov).action_return()

    def test_forgotten(self):
        refusal = self.refused()
        with self.due(refusal, 31):
            self.run_cron("follow_up_refusals")
            self.assertEqual(refusal.return_result, "forgotten")

    def test_another_day_is_agreed(self):
        refusal = self.refused()
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
            refusal.with_user(self.ivanov).return_on = refusal.return_on + timedelta(days=30)
        self.assertFalse(self.reminders(refusal.lead_id))
        with self.due(refusal):
            self.run_cron("follow_up_refusals")
        self.assertEqual(len(self.reminders(refusal.lead_id)), 1)

    def test_offer(self):
        refusal = self.refused()
        refusal.write({"offer": "Market overview", "offer_on": date(2030, 3, 1)})
        with freeze_time("2030-03-01 12:00:00"):
            refusal.return_on = False
            self.run_cron("follow_up_refusals")
            activity = self.reminders(refusal.lead_id)
            self.assertIn("Market overview", activity.summary)
            activity.action_done()
        self.assertEqual(refusal.offered_on, date(2030, 3, 1))


@tagged("post_install", "-at_install")
class TestExchange(RefusalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.supplier.is_exchangeable = True

    def test_hand_over(self):
        refusal = self.refused()
        action = refusal.with_user(self.head).action_exchange()
        exchange = self.env["crm.refusal.exchange"].browse(action["res_id"])
        self.assertEqual(exchange.line_ids.user_id, self.sidorov)
        exchange.with_user(self.head).action_hand_over()
        lead = refusal.lead_id
        self.assertEqual((lead.user_id, lead.won_status), (self.sidorov, "pending"))
        self.assertEqual(refusal.exchanged_to_id, self.sidorov)
        lead.action_set_won()
        self.env.cr.flush()
        [[former, tried, count, rate]] = self.Refusal._read_group(
            [("exchanged_to_id", "!=", False), ("team_id", "=", self.team.id)],
            ["user_id", "exchanged_to_id"],
            ["__count", "win_back_rate:avg"],
        )
        self.assertEqual((former, tried, count, rate), (self.ivanov, self.sidorov, 1, 100))

    def test_never_who_was_refused(self):
        refusal = self.refused()
        with self.assertRaisesRegex(UserError, "has refused Ivanenko already"):
            refusal._hand_over({refusal: self.ivanov})
        refusal.lead_id.action_restore()
        refusal.lead_id.user_id = self.sidorov
        refusal.lead_id.action_set_lost(lost_reason_id=self.reason.id)
        latest = refusal.lead_id._latest_refusal()
        self.assertFalse(latest._rotation())

    def test_never_a_blacklisted_client(self):
        refusal = self.refused()
        self.client.write({"is_sales_blacklisted": True, "sales_blacklist_reason": "Owes us"})
        with self.assertRaisesRegex(UserError, "blacklisted"):
            refusal._hand_over({refusal: self.sidorov})
        self.assertFalse(refusal.filtered_domain(refusal._exchangeable_domain()))

    def test_only_to_a_colleague(self):
        refusal = self.refused()
        self.sidorov.active = False
        with self.assertRaisesRegex(UserError, "Choose a colleague"):
            refusal._hand_over({refusal: self.sidorov})
        with self.assertRaisesRegex(UserError, "Choose a colleague"):
            refusal._hand_over({refusal: self.head})

    def test_not_to_another_company(self):
        second = self.env["res.company"].create({"name": "Second"})
        self.ivanov.company_ids |= second
        refusal = self.refused(company_id=second.id)
        self.assertEqual(refusal.company_id, second)
        self.assertFalse(refusal._rotation())
        exchange = self.env["crm.refusal.exchange"].with_user(self.head).create({})
        with self.assertRaises(AccessError):
            exchange.write(
                {"line_ids": [(0, 0, {"refusal_id": refusal.id, "user_id": self.sidorov.id})]}
            )
            exchange.action_hand_over()
        refusal.action_rule_market()
        for rule in ("action_undo_ruling", "action_rule_market", "action_rule_excuse"):
            with self.assertRaises(AccessError):
                getattr(refusal.with_user(self.head), rule)()
        self.assertEqual(refusal.state, "reviewed")

    def test_line_shows_what_its_reader_may_see(self):
        refusal = self.refused(self.sidorov)
        exchange = self.env["crm.refusal.exchange"].with_user(self.ivanov).create({})
        with self.assertRaises(AccessError):
            exchange.write(
                {"line_ids": [(0, 0, {"refusal_id": refusal.id, "user_id": self.sidorov.id})]}
            )
            self.env.invalidate_all()
            exchange.line_ids.read(["client"])

    def test_who_refused_somebody_since_is_left_alone(self):
        old = self.refused(reason=self.supplier)
        self.refused(self.sidorov, reason=self.no_budget)
        self.assertFalse(old._free())

    def test_rotation_is_fair(self):
        third = new_test_user(self.env, "test_third", groups="sales_team.group_sale_salesman")
        self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": third.id})
        refusals = self.Refusal.browse(
            self.refused(
                partner_id=self.env["res.partner"].create({"name": f"Client {number}"}).id
            ).id
            for number in range(4)
        )
        given = list(refusals._rotation().values())
        self.assertEqual(given.count(self.sidorov), 2)
        self.assertEqual(given.count(third), 2)

    def test_by_rule(self):
        self.team.exchange_after_days = 14
        old = self.refused(reason=self.supplier)
        other = self.refused(partner_id=self.env["res.partner"].create({"name": "Other"}).id)
        with freeze_time(fields.Datetime.now() + timedelta(days=13)):
            self.run_cron("exchange_refusals")
            self.assertFalse(old.exchanged_to_id)
        with freeze_time(fields.Datetime.now() + timedelta(days=15)):
            self.run_cron("exchange_refusals")
            self.run_cron("exchange_refusals")
        self.assertEqual(old.exchanged_to_id, self.sidorov)
        self.assertFalse(other.exchanged_to_id)

    def test_salesperson_may_not(self):
        refusal = self.refused()
        exchange = self.env["crm.refusal.exchange"].with_user(self.ivanov).create({})
        exchange.write(
            {"line_ids": [(0, 0, {"refusal_id": refusal.id, "user_id": self.sidorov.id})]}
        )
        with self.assertRaises(AccessError):
            exchange.action_hand_over()


@tagged("post_install", "-at_install")
class TestRefusalAccess(RefusalCase):
    """Who reads and changes what; nobody else does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.new_refusal(cls, cls.ivanov)
        cls.other = cls.new_refusal(cls, cls.sidorov)

    def new_refusal(self, user):
        lead = self.env["crm.lead"].create(
            {
                "name": "Lead",
                "type": "opportunity",
                "team_id": self.team.id,
                "user_id": user.id,
                "stage_id": self.list.id,
            }
        )
        self.env.cr.flush()
        lead.action_set_lost(lost_reason_id=self.no_budget.id)
        return lead._latest_refusal()

    def seen_by(self, user):
        domain = [("id", "in", (self.own | self.other).ids)]
        return self.Refusal.with_user(user).search(domain)

    def test_readers(self):
        foreign = self.env["res.company"].create({"name": "Elsewhere"})
        elsewhere = new_test_user(
            self.env,
            "test_elsewhere",
            groups="sales_team.group_sale_manager",
            company_id=foreign.id,
            company_ids=[(6, 0, foreign.ids)],
        )
        leader = new_test_user(self.env, "test_leader", groups="sales_team.group_sale_salesman")
        self.team.user_id = leader
        for user, seen in (
            (self.ivanov, self.own),
            (self.sidorov, self.other),
            (leader, self.own | self.other),
            (self.head, self.own | self.other),
            (elsewhere, self.Refusal),
        ):
            self.assertEqual(self.seen_by(user), seen.sorted("id", reverse=True), user.name)
            outcomes = self.env["crm.outcome.report"].with_user(user)
            found = outcomes.search([("lead_id", "in", (self.own | self.other).lead_id.ids)])
            self.assertEqual(len(found), len(seen), user.name)

    def test_handed_over_to_reads(self):
        self.own._hand_over({self.own: self.sidorov})
        self.assertEqual(len(self.seen_by(self.sidorov)), 2)

    def test_portal_sees_nothing(self):
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        for name in ("crm.lead.refusal", "crm.outcome.report", "crm.objection", "crm.competitor"):
            with self.assertRaises(AccessError):
                self.env[name].with_user(portal).search([])
        with self.assertRaises(AccessError):
            self.Refusal.with_user(portal).get_pareto()

    def test_operations(self):
        """Model by role: read, write, create, unlink."""
        allowed = {
            "crm.lead.refusal": ("rw", "rw"),
            "crm.outcome.report": ("r", "r"),
            "crm.objection": ("r", "rwcu"),
            "crm.competitor": ("rc", "rwcu"),
        }
        operations = {"r": "read", "w": "write", "c": "create", "u": "unlink"}
        for name, of_roles in allowed.items():
            for user, letters in zip((self.ivanov, self.head), of_roles, strict=True):
                model = self.env[name].with_user(user)
                for letter, operation in operations.items():
                    self.assertEqual(
                        model.has_access(operation), letter in letters, (name, user.name, operation)
                    )

    def test_only_managers_blacklist(self):
        with self.assertRaises(AccessError):
            self.client.with_user(self.ivanov).is_sales_blacklisted = True
        self.client.sudo().write(
            {"is_sales_blacklisted": True, "sales_blacklist_reason": "Owes us"}
        )
        self.assertTrue(self.client.is_sales_blacklisted)

    def test_reads_only(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            self.Refusal.with_env(self.env(cr=cr)).get_pareto()
            self.env["crm.control.board"].with_env(self.env(cr=cr)).get_refusals_action()


@tagged("post_install", "-at_install")
class TestCauses(RefusalCase):
    def test_pareto(self):
        for reason, count in ((self.no_budget, 3), (self.supplier, 1), (self.spam, 2)):
            for _each in range(count):
                self.refused(reason=reason)
        figures = self.Refusal.with_user(self.head).get_pareto([("team_id", "=", self.team.id)])
        self.assertEqual((figures["total"], figures["spam"], figures["unreviewed"]), (4, 2, 4))
        self.assertEqual(
            [(cause["key"], cause["count"], cause["running"]) for cause in figures["causes"]],
            [("timing", 3, 75.0), ("other_supplier", 1, 100.0)],
        )
        for cause in figures["causes"]:
            self.assertEqual(self.Refusal.search_count(cause["domain"]), cause["count"])
        [manager] = figures["managers"]
        self.assertEqual((manager["id"], manager["total"]), (self.ivanov.id, 4))
        self.assertEqual({cell["verdict"] for cell in manager["cells"]}, {"insufficient"})
        by_reason = self.Refusal.get_pareto([("team_id", "=", self.team.id)], "lost_reason_id")
        self.assertEqual(by_reason["causes"][0]["key"], self.no_budget.id)

    def test_own_refusals_only(self):
        self.refused()
        self.refused(self.sidorov)
        figures = self.Refusal.with_user(self.ivanov).get_pareto([("team_id", "=", self.team.id)])
        self.assertEqual(figures["total"], 1)
        self.assertFalse(figures["managers"], "there is no team to compare with")

    def test_bad_input(self):
        for group in ("words", "amount", "nonsense", 5, {"a": 1}):
            with self.assertRaises(UserError):
                self.Refusal.get_pareto([], group)
        for domain in ([("nonsense", "=", 1)], "x", 5, [["a"]], [("words",)]):
            with self.assertRaises(UserError):
                self.Refusal.get_pareto(domain)

    def test_win_rates(self):
        for _each in range(3):
            self.new_lead().action_set_won()
        self.refused()
        self.refused(reason=self.spam)
        self.new_lead(probability=30).action_archive()
        twice = self.refused().lead_id
        twice.action_restore()
        self.env.cr.flush()
        twice.action_set_won()
        self.env.cr.flush()
        [[won, refused, withdrawn, spam, narrow, broad]] = self.env[
            "crm.outcome.report"
        ]._read_group(
            [("team_id", "=", self.team.id)],
            [],
            [
                "won:sum",
                "refused:sum",
                "withdrawn:sum",
                "spam:sum",
                "win_rate:avg",
                "broad_win_rate:avg",
            ],
        )
        self.assertEqual((won, refused, withdrawn, spam), (4, 1, 1, 1))
        # Handed to a farmer after the sale: the hunter has won it.
        self.env.cr.flush()
        twice.user_id = self.sidorov
        self.env.cr.flush()
        [outcome] = self.env["crm.outcome.report"].search([("lead_id", "=", twice.id)])
        self.assertEqual((outcome.user_id, outcome.outcome), (self.ivanov, "won"))
        self.assertAlmostEqual(narrow, 80)
        self.assertAlmostEqual(broad, 400 / 6)
