from freezegun import freeze_time

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .common import FunnelCase


@tagged("post_install", "-at_install")
class TestLedger(FunnelCase):
    def test_created_in_first_stage(self):
        lead = self.new_lead()
        self.assertEqual(self.path(lead), [("Client List", "Ivanenko", "created", "still_there")])
        stay = self.stays(lead)
        self.assertEqual(stay.next_stage_id, self.acquaintance)
        self.assertEqual(stay.sales_role, "hunter")
        self.assertEqual(stay.target_rate, 100)
        self.assertTrue(stay.is_cohort)
        self.assertFalse(stay.reached_next)

    def test_advance_step_by_step(self):
        lead = self.new_lead()
        lead.stage_id = self.acquaintance
        lead.stage_id = self.presentation
        self.assertEqual(
            self.path(lead),
            [
                ("Client List", "Ivanenko", "created", "advanced"),
                ("Acquaintance", "Ivanenko", "advanced", "advanced"),
                ("Presentation", "Ivanenko", "advanced", "still_there"),
            ],
        )
        self.assertEqual(self.stays(lead).mapped("reached_next"), [True, True, False])

    def test_created_in_later_stage_enters_earlier_ones(self):
        lead = self.new_lead(self.presentation)
        self.assertEqual(
            self.path(lead),
            [
                ("Client List", "Ivanenko", "skipped", "advanced"),
                ("Acquaintance", "Ivanenko", "skipped", "advanced"),
                ("Presentation", "Ivanenko", "created", "still_there"),
            ],
        )

    def test_skip(self):
        lead = self.new_lead()
        lead.stage_id = self.contract
        self.assertEqual(
            self.path(lead),
            [
                ("Client List", "Ivanenko", "created", "advanced"),
                ("Acquaintance", "Ivanenko", "skipped", "advanced"),
                ("Presentation", "Ivanenko", "skipped", "advanced"),
                ("Contract", "Ivanenko", "advanced", "still_there"),
            ],
        )
        self.assertEqual(
            self.rates(),
            {
                "Acquaintance": (1, 1, 100),
                "Presentation": (1, 1, 100),
                "Contract": (1, 1, 100),
                "Payment": (1, 0, 0),
            },
        )

    def test_moving_back_takes_no_passage_away(self):
        lead = self.new_lead()
        lead.stage_id = self.presentation
        lead.stage_id = self.acquaintance
        self.assertEqual(
            self.path(lead)[2:],
            [
                ("Presentation", "Ivanenko", "advanced", "moved_back"),
                ("Acquaintance", "Ivanenko", "moved_back", "still_there"),
            ],
        )
        self.assertEqual(self.rates()["Presentation"], (1, 1, 100))
        self.assertEqual(self.rates()["Contract"], (1, 0, 0))

    def test_lost_and_restored(self):
        lead = self.new_lead()
        lead.action_set_lost(lost_reason_id=self.reason.id)
        stay = self.stays(lead)
        self.assertEqual((stay.exit, stay.lost_reason_id), ("refused", self.reason))
        self.assertTrue(stay.left_at)
        lead.action_restore()
        self.assertEqual(
            self.path(lead),
            [
                ("Client List", "Ivanenko", "created", "refused"),
                ("Client List", "Ivanenko", "reopened", "still_there"),
            ],
        )
        self.assertEqual(self.stays(lead).mapped("is_cohort"), [True, False])
        lead.stage_id = self.acquaintance
        self.assertEqual(self.rates()["Acquaintance"], (1, 1, 100))

    def test_archived_is_withdrawn_and_stays_in_the_denominator(self):
        lead = self.new_lead()
        lead.write({"probability": 30})
        lead.action_archive()
        self.assertEqual(self.stays(lead).exit, "withdrawn")
        self.assertEqual(self.rates()["Acquaintance"], (1, 0, 0))
        lead.probability = 0
        self.assertEqual(self.stays(lead).exit, "refused")

    def test_spam_and_transfer_do_not_count(self):
        spam, transferred, counted = (self.new_lead() for _each in range(3))
        spam.action_set_lost(lost_reason_id=self.spam.id)
        other = self._make_team("Other")
        self._build_funnel(other)
        transferred.team_id = other
        self.assertEqual(self.rates(), {"Acquaintance": (1, 0, 0)})
        self.assertEqual(
            [row[2:] for row in self.path(transferred)],
            [("created", "transferred"), ("transferred", "still_there")],
        )
        self.assertEqual(self.stays(transferred)[-1].team_id, other)
        self.assertEqual(transferred.stage_id.team_ids, other)
        self.assertTrue(counted)

    def test_taken_for_spam_and_back(self):
        """Who turns out to be a client after all enters anew, and is counted once."""
        lead = self.new_lead()
        lead.action_set_lost(lost_reason_id=self.spam.id)
        self.assertFalse(self.rates())
        lead.action_restore()
        self.assertEqual(self.rates(), {"Acquaintance": (1, 0, 0)})
        lead.stage_id = self.acquaintance
        lead.stage_id = self.presentation
        rates = self.rates()
        self.assertEqual((rates["Acquaintance"], rates["Presentation"]), ((1, 1, 100), (1, 1, 100)))
        self.assertEqual(self.stays(lead).mapped("is_cohort"), [False, True, True, True])
        counted = self.stays(lead).read(["is_cohort", "reached_next"])
        self.History._derive(lead.ids)
        self.assertEqual(self.stays(lead).read(["is_cohort", "reached_next"]), counted)

    def test_reason_becomes_spam_after_the_return(self):
        lead = self.new_lead()
        lead.action_set_lost(lost_reason_id=self.reason.id)
        lead.action_restore()
        self.assertEqual(self.stays(lead).mapped("is_cohort"), [True, False])
        self.reason.is_spam_or_duplicate = True
        self.assertEqual(self.stays(lead).mapped("is_cohort"), [False, True])
        self.assertEqual(self.rates(), {"Acquaintance": (1, 0, 0)})
        self.reason.is_spam_or_duplicate = False
        self.assertEqual(self.stays(lead).mapped("is_cohort"), [True, False])
        refusal = self.env["crm.lead.refusal"].search([("lead_id", "=", lead.id)])
        refusal.lost_reason_id = self.spam
        self.assertEqual(self.stays(lead).mapped("is_cohort"), [False, True])

    def test_handover_moves_the_cohort_row(self):
        lead = self.new_lead()
        lead.user_id = self.sidorov
        self.assertEqual(
            self.path(lead),
            [
                ("Client List", "Ivanenko", "created", "handed_over"),
                ("Client List", "Sidorenko", "handed_over", "still_there"),
            ],
        )
        self.assertEqual(self.stays(lead).mapped("is_cohort"), [False, True])
        lead.stage_id = self.acquaintance
        self.assertEqual(self.rates(group="user_id")["Sidorenko"], (2, 1, 50))

    def test_won(self):
        lead = self.new_lead()
        lead.action_set_won()
        stays = self.stays(lead)
        self.assertEqual(stays[-1].stage_id, self.payment)
        self.assertFalse(stays[-1].next_stage_id)
        self.assertEqual(stays[:-1].mapped("reached_next"), [True] * 4)

    def test_undo_within_grace_leaves_no_trace(self):
        self.set_grace(5)
        with freeze_time("2026-03-02 10:00:00"):
            lead = self.new_lead()
        before = self.stays(lead).read()
        with freeze_time("2026-03-03 10:00:00"):
            lead.stage_id = self.contract
        with freeze_time("2026-03-03 10:04:00"):
            lead.stage_id = self.list
        self.assertEqual(self.stays(lead).read(), before)

    def test_undo_after_grace_is_a_move_back(self):
        self.set_grace(5)
        with freeze_time("2026-03-02 10:00:00"):
            lead = self.new_lead()
        with freeze_time("2026-03-03 10:00:00"):
            lead.stage_id = self.acquaintance
        with freeze_time("2026-03-03 10:06:00"):
            lead.stage_id = self.list
        self.assertEqual(
            [row[2:] for row in self.path(lead)],
            [
                ("created", "advanced"),
                ("advanced", "moved_back"),
                ("moved_back", "still_there"),
            ],
        )

    def test_snapshots_are_of_the_moment(self):
        lead = self.new_lead(lead_class="a", expected_revenue=100)
        self.team.crm_team_member_ids.filtered(
            lambda member: member.user_id == self.ivanov
        ).grade = "senior"
        lead.write({"lead_class": "b", "expected_revenue": 200})
        lead.stage_id = self.acquaintance
        first, second = self.stays(lead)
        self.assertEqual((first.lead_class, first.grade, first.amount), ("a", "middle", 100))
        self.assertEqual((second.lead_class, second.grade, second.amount), ("b", "senior", 200))

    def test_leads_have_no_stays_until_they_are_converted(self):
        lead = self.new_lead(type="lead")
        self.assertFalse(self.stays(lead))
        lead.convert_opportunity(False)
        self.assertEqual(self.stays(lead).origin, "created")
        lead.type = "lead"
        self.assertEqual(self.stays(lead).exit, "withdrawn")

    def test_nothing_is_asked_of_leads_until_they_are_converted(self):
        lead = self.env["crm.lead"].create({"name": "Lead", "type": "lead"})
        self.assertFalse(self.History._is_noted(lead))
        lead.convert_opportunity(False)
        self.assertTrue(self.History._is_noted(lead))

    def test_created_lost(self):
        lead = self.new_lead(self.presentation, active=False, probability=0)
        self.assertEqual(
            [row[2:] for row in self.path(lead)],
            [("skipped", "advanced"), ("skipped", "advanced"), ("created", "refused")],
        )

    def test_week_is_the_companys(self):
        self.env.company.funnel_tz = "Asia/Tokyo"
        with freeze_time("2026-03-01 16:00:00"):  # Sunday in UTC, Monday 01:00 in Tokyo
            lead = self.new_lead()
        self.assertEqual(str(self.stays(lead).week_start), "2026-03-02")
        self.env.company.funnel_tz = "UTC"
        self.assertEqual(str(self.stays(lead).week_start), "2026-02-23")

    def test_the_week_stays_the_companys(self):
        """A company keeps the zone it was given; a calendar that is changed moves no week."""
        company = self.env["res.company"].create({"name": "East", "funnel_tz": "Asia/Tokyo"})
        self.assertEqual(company.funnel_tz, "Asia/Tokyo")
        company.resource_calendar_id.tz = "America/New_York"
        company.partner_id.tz = "America/New_York"
        self.env.flush_all()
        self.assertEqual(company.funnel_tz, "Asia/Tokyo")

    def test_nobody_writes_rows(self):
        stay = self.stays(self.new_lead())
        for user in (self.ivanov, self.env.ref("base.user_admin")):
            rows = stay.with_user(user)
            with self.assertRaises(AccessError):
                rows.write({"stage_id": self.acquaintance.id})
            with self.assertRaises(AccessError):
                rows.unlink()
            with self.assertRaises(AccessError):
                rows.create({"lead_id": stay.lead_id.id, "stage_id": self.list.id})

    def test_followed_once_a_transaction(self):
        def moved():
            leads = self.new_lead() | self.new_lead() | self.new_lead()
            for lead in leads:
                lead.stage_id = self.acquaintance
            leads.write({"user_id": self.sidorov.id})
            self.env.flush_all()
            return leads

        moved()
        self.History._catch_up()  # What hardly changes is remembered.
        leads = moved()
        with self.assertQueryCount(2, flush=False):
            self.History._catch_up()
        with self.assertQueryCount(0, flush=False):
            self.History._catch_up()
        self.assertEqual(
            [row[1:] for row in self.path(leads[0])],
            [("Ivanenko", "created", "advanced"), ("Sidorenko", "advanced", "still_there")],
        )

    def test_moves_of_one_transaction_are_told_apart(self):
        lead = self.new_lead()
        lead.stage_id = self.acquaintance
        lead.stage_id = self.contract
        lead.action_set_lost(lost_reason_id=self.reason.id)
        lead.action_restore()
        self.assertEqual(
            [row[0:1] + row[2:] for row in self.path(lead)],
            [
                ("Client List", "created", "advanced"),
                ("Acquaintance", "advanced", "advanced"),
                ("Presentation", "skipped", "advanced"),
                ("Contract", "advanced", "refused"),
                ("Contract", "reopened", "still_there"),
            ],
        )

    def test_what_is_rolled_back_leaves_no_trace(self):
        lead = self.new_lead()
        before = self.stays(lead).read()
        with self.assertRaises(ValueError), self.env.cr.savepoint():
            lead.stage_id = self.acquaintance
            raise ValueError
        lead.invalidate_recordset()
        self.env.cr.flush()
        self.assertEqual(self.stays(lead).read(), before)

    def test_path_on_the_lead_is_fresh(self):
        lead = self.new_lead()
        self.assertEqual(len(lead.stage_history_ids), 1)
        stay = lead.stage_history_ids
        lead.stage_id = self.acquaintance
        self.assertEqual(stay.exit, "advanced")
        self.assertEqual(len(lead.stage_history_ids), 2)

    def test_deleting_the_lead_deletes_its_stays(self):
        lead = self.new_lead()
        stay = self.stays(lead)
        lead.unlink()
        self.assertFalse(stay.exists())


@tagged("post_install", "-at_install")
class TestMerge(FunnelCase):
    def test_earliest_entries_of_the_union(self):
        with freeze_time("2026-03-01 10:00:00"):
            late = self.new_lead()
        with freeze_time("2026-03-02 10:00:00"):
            far = self.new_lead(user=self.sidorov)
        with freeze_time("2026-03-04 10:00:00"):
            far.stage_id = self.acquaintance
        with freeze_time("2026-03-05 10:00:00"):
            late.stage_id = self.acquaintance
        with freeze_time("2026-03-08 10:00:00"):
            far.stage_id = self.presentation
        with freeze_time("2026-03-09 10:00:00"):
            survivor = (late | far).merge_opportunity()
        self.assertEqual(survivor, far)
        self.assertEqual(
            [
                (stay.stage_id, stay.user_id, stay.entered_at.day, stay.exit)
                for stay in self.stays(survivor)
            ],
            [
                (self.list, self.ivanov, 1, "advanced"),
                (self.acquaintance, self.sidorov, 4, "advanced"),
                (self.presentation, self.sidorov, 8, "still_there"),
            ],
        )
        self.assertEqual(self.rates()["Presentation"], (1, 1, 100))

    def test_entry_stays_with_who_took_it_over(self):
        """A duplicate that is merged in gives no entry back to who handed the client over."""
        with freeze_time("2026-03-01 10:00:00"):
            lead = self.new_lead()
        with freeze_time("2026-03-03 10:00:00"):
            lead.user_id = self.sidorov
            self.env.cr.flush()
        with freeze_time("2026-03-05 10:00:00"):
            lead.stage_id = self.acquaintance
        before = self.rates(group="user_id")
        self.assertEqual(before["Sidorenko"], (2, 1, 50))
        with freeze_time("2026-03-06 10:00:00"):
            duplicate = self.new_lead()
        with freeze_time("2026-03-09 10:00:00"):
            survivor = (lead | duplicate).merge_opportunity()
        self.assertEqual(survivor, lead)
        self.assertEqual(self.rates(group="user_id"), before)

    def test_created_on_a_later_stage(self):
        """The survivor has been created once, on the stage it was created on."""
        with freeze_time("2026-03-01 10:00:00"):
            lead = self.new_lead(self.presentation)
        with freeze_time("2026-03-06 10:00:00"):
            duplicate = self.new_lead()
        with freeze_time("2026-03-09 10:00:00"):
            survivor = (lead | duplicate).merge_opportunity()
        self.assertEqual(self.stays(survivor).mapped("origin"), ["skipped", "skipped", "created"])


@tagged("post_install", "-at_install")
class TestFunnelChanges(FunnelCase):
    def test_stage_inserted(self):
        passed, waiting = self.new_lead(), self.new_lead()
        passed.stage_id = self.presentation
        waiting.stage_id = self.acquaintance
        audit = self.env["crm.stage"].create(
            {"name": "Audit", "sequence": 2, "team_ids": self.team.ids}
        )
        (self.presentation | self.contract | self.payment).sequence = 3
        self.contract.sequence = 4
        self.payment.sequence = 5
        funnel = self.env["crm.stage"]._funnel(self.team.id)
        self.assertEqual(
            [step.stage_id for step in funnel.way],
            (self.list + self.acquaintance + audit + self.presentation).ids
            + (self.contract + self.payment).ids,
        )
        self.assertEqual(self.stays(waiting)[-1].next_stage_id, audit, "open stays look ahead")
        self.assertEqual(
            self.stays(passed)[1].next_stage_id, self.presentation, "closed ones keep theirs"
        )

    def test_stage_deleted(self):
        lead, stuck = self.new_lead(), self.new_lead()
        lead.stage_id = self.acquaintance
        lead.stage_id = self.presentation
        stuck.stage_id = self.acquaintance
        stuck.stage_id = self.list
        self.acquaintance.unlink()
        self.assertEqual(self.rates(), {"Presentation": (2, 1, 50), "Contract": (1, 0, 0)})
        self.assertEqual(len(self.stays(lead)), 3, "the stay itself is not forgotten")

    def test_targets_after_a_stage_is_deleted(self):
        """Who never came to the stage leads into the next one as well, and has its target."""
        self.acquaintance.target_rate = 100
        self.presentation.target_rate = 80
        leads = self.new_lead() | self.new_lead()
        leads[0].stage_id = self.presentation
        self.assertEqual(self.stays(leads[1]).target_rate, 100)
        self.acquaintance.unlink()
        into = self.stays(leads).filtered(lambda stay: stay.next_stage_id == self.presentation)
        self.assertEqual(set(into.mapped("target_rate")), {80})
        self.assertEqual(into.lead_id, leads)

    def test_stage_marked_won_afterwards(self):
        lead = self.new_lead(self.contract)
        self.contract.is_won = True
        self.assertFalse(self.stays(lead)[-1].next_stage_id)
        self.assertTrue(all(self.stays(lead)[:-1].mapped("reached_next")))
        self.assertNotIn("Payment", self.rates())

    def test_team_and_user_deleted(self):
        lead = self.new_lead()
        lead.stage_id = self.acquaintance
        lead.flush_recordset()
        self.stages.team_ids = False
        self.team.unlink()
        self.assertFalse(lead.team_id)
        self.assertEqual(self.stays(lead).mapped("exit"), ["advanced", "still_there"])
        self.assertFalse(self.stays(lead).team_id)

    def test_nightly_mend(self):
        lead = self.new_lead()
        self.env.cr.execute(
            "UPDATE crm_lead SET user_id = %s WHERE id = %s", [self.sidorov.id, lead.id]
        )
        lead.invalidate_recordset()
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_mend_ledger").method_direct_trigger()
        self.History.invalidate_model()
        self.assertEqual(
            [row[1:] for row in self.path(lead)],
            [
                ("Ivanenko", "created", "handed_over"),
                ("Sidorenko", "handed_over", "still_there"),
            ],
        )
        self.assertTrue(self.stays(lead)[-1].is_reconstructed)
