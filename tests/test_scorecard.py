from datetime import date, datetime, timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .test_head_tasks import TaskCase

MONDAY = date(2026, 3, 2)
# The Monday after.
TAKEN = "2026-03-09 06:00:00"


class ScorecardCase(TaskCase):
    """A review of the week of two hunters, its lines filled by hand."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Weight = cls.env["crm.scorecard.weight"]
        cls.Score = cls.env["crm.weekly.review.score"]
        cls.Weight.search([]).unlink()
        cls.weights = {
            component: cls.Weight.create(
                {"component": component, "weight": weight, "sequence": place}
            )
            for place, (component, weight) in enumerate(
                {
                    "contacts": 25,
                    "completeness": 10,
                    "transitions": 15,
                    "conversion": 20,
                    "sales": 20,
                    "tasks": 10,
                }.items()
            )
        }
        cls.team.company_id = cls.env.company
        cls.review = cls.env["crm.weekly.review"].create(
            {"team_id": cls.team.id, "company_id": cls.env.company.id, "week_start": MONDAY}
        )
        cls.line, cls.other = cls.env["crm.weekly.review.line"].create(
            [
                {
                    "review_id": cls.review.id,
                    "user_id": user.id,
                    "manager_name": user.name,
                    "sales_role": "hunter",
                }
                for user in (cls.ivanov, cls.sidorov)
            ]
        )

    def take(self):
        with freeze_time(TAKEN):
            self.review._take_scores()
        return {row.component: row for row in self.line.score_ids}

    def assertNear(self, one, other):
        """Equal but for the second decimal."""
        self.assertAlmostEqual(one, other, delta=0.02)

    def fill(self, contacts=(), transitions=(), **values):
        self.line.write(values)
        self.env["crm.weekly.review.contact"].create(
            [
                {"line_id": self.line.id, "kind": kind, "done": done, "norm": norm}
                for kind, done, norm in contacts
            ]
        )
        self.env["crm.weekly.review.transition"].create(
            [
                {
                    "review_id": self.review.id,
                    "line_id": self.line.id,
                    "stage_id": stage.id,
                    "has_target": target is not None,
                    "target": target or 0,
                    "entered": entered,
                    "advanced": advanced,
                    "exits": exits,
                    "flow_advanced": flow,
                }
                for stage, target, entered, advanced, exits, flow in transitions
            ]
        )


@tagged("post_install", "-at_install")
class TestScorecard(ScorecardCase):
    def test_nothing_to_count(self):
        rows = self.take()
        self.assertEqual(
            {name: row.left_out for name, row in rows.items()}, {name: name for name in rows}
        )
        self.assertEqual(len(rows), 6)
        self.assertFalse(self.line.has_score)
        self.assertIs(self.line._payload()["score"], False)

    def pass_by(self, stage, user=None):
        """A client who leaves the list for a stage in the week, and is lost after it."""
        lead = self.new_lead(user=user)
        for moment, change in (
            ("2026-03-05 09:00:00", lambda: lead.write({"stage_id": stage.id})),
            ("2026-03-09 05:00:00", lambda: lead.action_set_lost(lost_reason_id=self.reason.id)),
        ):
            with freeze_time(moment):
                change()
                self.env.cr.flush()
        self.env.registry.clear_cache()

    def test_figures(self):
        self.pass_by(self.presentation)
        self.fill(
            contacts=[("meeting", 9, 12), ("effective_call", 40, 20), ("visit", 3, 0)],
            transitions=[
                (self.acquaintance, 100, 40, 32, 10, 5),
                (self.presentation, 80, 50, 45, 5, 5),
                (self.contract, None, 9, 1, 9, 9),
            ],
        )
        rows = self.take()
        # Calls beyond the norm make up for no meeting: 9 and 20 of 32.
        self.assertNear(rows["contacts"].score, 100 * 29 / 32)
        self.assertEqual((rows["contacts"].value, rows["contacts"].target), (49, 32))
        self.assertEqual(rows["contacts"].figures, "49 of 32, 29 of them counted")
        self.assertEqual(rows["conversion"].figures, "77 of 90, target 88.9 %")
        self.assertEqual(rows["tasks"].figures, "0 of 0")
        # 32 of the 40 due, and no more than the 40 due of the other transition.
        self.assertNear(rows["conversion"].score, 100 * (32 + 40) / 80)
        self.assertNear(rows["conversion"].value, 100 * 77 / 90)
        self.assertNear(rows["conversion"].target, 100 * 80 / 90)
        self.assertEqual((rows["conversion"].numerator, rows["conversion"].denominator), (77, 90))
        # 5 of 10 due, 4 of 4 due.
        self.assertNear(rows["transitions"].score, 100 * 9 / 14)
        # Of 25, 15 and 20 points the shares are 5, 3 and 4 twelfths.
        self.assertNear(rows["contacts"].share, 100 * 5 / 12)
        self.assertEqual(rows["sales"].left_out, "sales")
        self.assertNear(
            self.line.score,
            (5 * 100 * 29 / 32 + 3 * 100 * 9 / 14 + 4 * 90) / 12,
        )
        self.assertNear(sum(row.points for row in rows.values()), self.line.score)

    def test_transitions_are_judged_before_their_entries_are_ripe(self):
        """The target is that of the clients who went: a late review has the same."""
        self.pass_by(self.acquaintance)
        stay = self.History.search(
            [("user_id", "=", self.ivanov.id), ("next_stage_id", "=", self.acquaintance.id)]
        )
        self.assertEqual(stay.target_rate, 100)
        self.fill(
            transitions=[
                (self.acquaintance, None, 0, 0, 2, 1),
                (self.contract, 80, 10, 8, 4, 1),  # nobody went: nothing in the ledger
            ]
        )
        before = self.take()["transitions"]
        self.assertEqual((before.numerator, before.denominator, before.score), (1, 2, 50))
        self.line.transition_ids[0].write({"has_target": True, "target": 60})
        after = self.take()["transitions"]
        self.assertEqual((after.numerator, after.denominator, after.score), (1, 2, 50))

    def test_no_contact_counts_twice(self):
        """A visit is a meeting: with a norm for both, that of the meetings is weighed."""
        self.fill(
            contacts=[
                ("meeting", 8, 12),
                ("productive_meeting", 0, 6),
                ("visit", 4, 4),
                ("effective_call", 4, 8),
            ]
        )
        row = self.take()["contacts"]
        self.assertEqual((row.numerator, row.denominator), (12, 20))
        self.assertNear(row.score, 60)
        self.line.contact_ids.filtered(lambda each: each.kind == "meeting").norm = 0
        row = self.take()["contacts"]
        self.assertEqual((row.numerator, row.denominator), (8, 18))

    def test_more_than_due_counts_where_the_company_wants_it(self):
        self.fill(contacts=[("meeting", 18, 12)])
        self.assertEqual(self.take()["contacts"].score, 100)
        self.weights["contacts"].cap = 120
        self.assertEqual(self.take()["contacts"].score, 120)
        self.assertEqual(self.line.score, 120)

    def test_no_weight(self):
        self.fill(contacts=[("meeting", 6, 12)])
        self.weights["contacts"].weight = 0
        row = self.take()["contacts"]
        self.assertEqual((row.score, row.share, row.left_out), (50, 0, "weight"))
        self.assertFalse(self.line.has_score)

    def test_completeness_is_that_of_the_potential_client(self):
        known = self.env["res.partner"].create(
            {"name": "Romashka", "is_company": True, "city": "Tver"}
        )
        self.env["res.partner"].create(
            {"name": "Anna Petrova", "parent_id": known.id, "function": "Director"}
        )
        deals = self.new_lead(partner_id=known.id)
        deals += self.new_lead(partner_name="Lada", city="Omsk", contact_name="Ivan Panin")
        lost = self.new_lead()
        lost.action_set_lost(lost_reason_id=self.reason.id)
        won = self.new_lead(self.payment, partner_id=known.id)
        row = self.take()["completeness"]
        self.assertEqual((row.numerator, row.denominator, row.score), (1, 2, 50))
        self.assertEqual(sorted(row.row_ids), sorted(deals.ids))
        self.assertNotIn(won.id, row.row_ids)
        deals[1].function = "Engineer"
        self.assertEqual(self.take()["completeness"].score, 100)

    def test_completeness_of_the_reviews_company(self):
        other = self.env["res.company"].create({"name": "Other Company"})
        self.team.company_id = False
        self.ivanov.company_ids += other
        mine = self.new_lead()
        self.new_lead(company_id=other.id)
        self.assertEqual(self.take()["completeness"].row_ids, mine.ids)

    def test_sales_against_the_share_of_the_teams_target(self):
        self.team.invoiced_target = 52000
        self.fill(won_amount=3000)
        row = self.take()["sales"]
        self.assertEqual((row.target, row.value, row.score), (6000, 3000, 50))
        self.other.sales_role = "trainee"
        self.assertEqual(self.take()["sales"].target, 12000)
        self.assertEqual(
            self.other.score_ids.filtered(lambda r: r.component == "sales").left_out, "sales"
        )

    def test_target_is_shared_by_members(self):
        """A head with clients, or who has left, takes nothing of it; other companies' do."""
        self.team.invoiced_target = 52000
        self.env["crm.weekly.review.line"].create(
            {"review_id": self.review.id, "user_id": self.head.id, "manager_name": "Smirnenko"}
        )
        self.review.invalidate_recordset(["line_ids"])
        of_head = self.review.line_ids.filtered(lambda line: line.user_id == self.head)
        self.assertEqual(self.take()["sales"].target, 6000)
        [row] = of_head.score_ids.filtered(lambda row: row.component == "sales")
        self.assertEqual(row.left_out, "sales")
        membership = self.team.crm_team_member_ids.filtered(
            lambda member: member.user_id == self.sidorov
        )
        membership.active = False
        self.assertEqual(self.take()["sales"].target, 12000)
        membership.active = True
        elsewhere = self.env["res.company"].create({"name": "Other Company"})
        self.team.company_id = False
        self.sidorov.write({"company_ids": [(4, elsewhere.id)], "company_id": elsewhere.id})
        self.other.unlink()
        self.assertEqual(self.take()["sales"].target, 6000)

    def test_tasks_of_the_week(self):
        in_time, late, overdue = (self.task() for _each in range(3))
        next_week = self.task(date_due=MONDAY + timedelta(days=7))
        self.task(self.sidorov)
        self.done_at(in_time, "2026-03-04 10:00:00")
        self.done_at(late, "2026-03-06 10:00:00")
        row = self.take()["tasks"]
        self.assertEqual((row.numerator, row.denominator), (1, 3))
        self.assertNear(row.score, 100 / 3)
        action = row.action_open_rows()
        self.assertEqual(
            self.env[action["res_model"]].search(action["domain"]), in_time + late + overdue
        )
        self.assertNotIn(next_week.id, row.row_ids)

    def test_rows_behind_the_ledgers_figures(self):
        """Entries of thirteen weeks, exits of the week; each belongs to its manager."""
        with freeze_time("2026-02-02 09:00:00"):
            leads = self.new_lead() + self.new_lead() + self.new_lead(user=self.sidorov)
        with freeze_time("2026-03-03 09:00:00"):
            leads[0].stage_id = self.acquaintance
            self.env.cr.flush()
        with freeze_time("2026-03-08 21:00:00"):
            leads[1].stage_id = self.acquaintance
            self.env.cr.flush()
        self.fill(transitions=[(self.acquaintance, 100, 2, 2, 1, 1)])
        self.env.registry.clear_cache()
        rows = self.take()
        stays = self.History.browse(rows["conversion"].row_ids)
        self.assertEqual(set(stays.lead_id.ids), set(leads[:2].ids))
        self.assertEqual(
            self.History.browse(rows["transitions"].row_ids).lead_id,
            leads[0],
            "The other left after Sunday.",
        )

    def test_contacts_behind_the_figure(self):
        logs = self.env["crm.contact.log"].create(
            [
                {
                    "kind": "meeting",
                    "user_id": user.id,
                    "partner_id": self.env.ref("base.main_partner").id,
                    "date": when,
                    "result": "Talked",
                }
                for user, when in (
                    (self.ivanov, datetime(2026, 3, 1, 21)),  # Monday in Moscow
                    (self.ivanov, datetime(2026, 3, 1, 20, 59)),
                    (self.sidorov, datetime(2026, 3, 3, 9)),
                    (self.ivanov, datetime(2026, 3, 3, 9)),
                )
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_contact_log SET counts_as = 'held_meeting' WHERE id = ANY(%s)",
            (logs[:3].ids,),
        )
        self.env.cr.execute(
            "UPDATE crm_contact_log SET counts_as = 'warm_contact' WHERE id = %s", (logs[3].id,)
        )
        self.env.invalidate_all()
        self.fill(contacts=[("meeting", 1, 12)])
        self.assertEqual(self.take()["contacts"].row_ids, logs[0].ids)

    def test_taken_again(self):
        self.fill(contacts=[("meeting", 6, 12)])
        self.take()
        self.line.contact_ids.done = 12
        rows = self.take()
        self.assertEqual((len(self.line.score_ids), rows["contacts"].score), (6, 100))
        self.assertEqual(self.line._payload()["score"], 100)
        first = self.line._payload()["scores"][0]
        self.assertEqual(
            (first["name"], first["is_counted"], first["points"]), ("Contacts", True, 100)
        )

    def test_past_weeks_keep_their_weights(self):
        self.fill(contacts=[("meeting", 6, 12)])
        self.take()
        before = self.line._payload()
        self.weights["contacts"].weight = 90
        self.team.invoiced_target = 1
        self.assertEqual(self.line._payload(), before)

    def test_take_down_takes_scores(self):
        self.review._take_down()
        self.assertEqual(len(self.review.line_ids.score_ids) % 6, 0)
        self.assertEqual(
            self.review.line_ids.filtered("user_id"), self.review.line_ids.score_ids.line_id
        )

    def test_totals_divide_sums(self):
        self.fill(contacts=[("meeting", 6, 12)], won_amount=1500)
        self.team.invoiced_target = 13000
        self.take()
        [row] = self.Score._read_group([("line_id", "=", self.line.id)], [], ["points_rate:avg"])
        self.assertNear(row[0], self.line.score)
        by_component = dict(
            self.Score._read_group(
                [("line_id", "in", (self.line + self.other).ids)],
                ["component"],
                ["points_rate:avg"],
            )
        )
        # Sidorenko sold nothing, and sales are all that counts for him: 100 of 144.4 shares.
        self.assertNear(by_component["sales"], 100 * (4 / 9) / (4 / 9 + 1))
        self.assertFalse(by_component["tasks"])

    def test_company_weights(self):
        own = self.Weight.create(
            {"component": "contacts", "weight": 75, "company_id": self.env.company.id}
        )
        in_force = self.Weight._in_force(self.env.company)
        self.assertEqual(in_force["contacts"], own)
        self.assertEqual(in_force["sales"], self.weights["sales"])
        self.assertNear(own.share, 50)
        self.assertNear(self.weights["contacts"].share, 25)

    @mute_logger("odoo.sql_db")
    def test_bad_weights(self):
        for values, error in (
            ({"component": "contacts", "weight": 5}, UniqueViolation),
            ({"component": "sales", "weight": -1, "company_id": 1}, CheckViolation),
            ({"component": "sales", "cap": 99, "company_id": 1}, CheckViolation),
        ):
            with self.assertRaises(error), self.env.cr.savepoint():
                self.Weight.create(values)

    def test_who_sees_scores(self):
        self.take()
        for user, names in (
            (self.ivanov, {"Ivanenko"}),
            (self.head, {"Ivanenko", "Sidorenko"}),
            (self.admin, {"Ivanenko", "Sidorenko"}),
        ):
            rows = self.Score.with_user(user).search([("team_id", "=", self.team.id)])
            self.assertEqual(set(rows.user_id.mapped("name")), names)
            with self.assertRaises(AccessError):
                rows[:1].points = 100
            with self.assertRaises(AccessError):
                self.Weight.with_user(self.ivanov).create({"component": "sales"})

    def test_many_managers_take_no_more_queries(self):
        """The facts of a team are read at once, however many managers there are."""

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.env["crm.scorecard"]._facts(self.review, self.review.line_ids)
            return self.env.cr.sql_log_count - before

        for user in (self.ivanov, self.sidorov):
            self.new_lead(user=user)
            self.task(user)
        queries()
        few = queries()
        self.env["crm.weekly.review.line"].create(
            [
                {"review_id": self.review.id, "user_id": user.id, "manager_name": user.name}
                for user in (self.head, self.admin)
            ]
        )
        for user in (self.head, self.admin):
            for _each in range(5):
                self.new_lead(user=user)
        self.assertLessEqual(queries(), few + 2)
