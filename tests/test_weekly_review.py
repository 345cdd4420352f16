from contextlib import suppress
from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError, OperationalError

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_board import BoardCase

CRON = "sales_funnel_control.ir_cron_make_weekly_reviews"
# A Monday, and the week that ended with the day before.
MONDAY = date(2026, 6, 8)
WEEK = date(2026, 6, 1)
NOW = datetime(2026, 6, 8, 9)


class KilledError(BaseException):
    """The process is killed."""


class ReviewCase(BoardCase):
    """Reviews of one team, in UTC unless said otherwise, looked at on Monday, 8 June 2026."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Review = cls.env["crm.weekly.review"]
        cls.Decision = cls.env["crm.weekly.review.decision"]
        cls.env.company.funnel_tz = "UTC"
        cls.env["crm.contact.norm"].search([]).unlink()
        cls.leader = new_test_user(
            cls.env, "test_leader", groups="sales_team.group_sale_salesman", name="Leader"
        )
        cls.team.user_id = cls.leader

    @classmethod
    def new_company(cls, name="Second"):
        return cls.env["res.company"].create({"name": name, "funnel_tz": "UTC"})

    def make(self, week=WEEK, now=NOW):
        self.env.registry.clear_cache()
        with freeze_time(now):
            return self.Review._make(self.team, self.env.company, week)

    def line(self, review, user):
        return review.line_ids.filtered(lambda line: line.user_id == user)

    def stage_row(self, line, stage):
        return line.stage_ids.filtered(lambda row: row.stage_id == stage)

    def at(self, day, hour=12):
        return freeze_time(datetime(2026, 6, day, hour))

    def figures(self, review):
        """The figures of a review that do not go on ripening."""
        lines = review.get_review()["lines"]
        for line in lines:
            del line["id"], line["without_next_step"], line["overdue_steps"], line["over_cycle"]
            for row in line["transitions"]:
                for name in ("entered", "advanced", "rate", "target", "verdict", "explanation"):
                    del row[name]
                del row["teacher"]
            line["transitions"] = [row for row in line["transitions"] if row["exits"]]
            # Completeness is that of the moment, conversion goes on ripening.
            del line["score"]
            line["scores"] = [
                {name: row[name] for name in ("component", "numerator", "denominator", "score")}
                for row in line["scores"]
                if row["component"] not in ("completeness", "conversion")
            ]
        return lines


@tagged("post_install", "-at_install")
class TestFigures(ReviewCase):
    def play_a_week(self):
        """Before, in and after the week: every way to come and to go."""
        with freeze_time(datetime(2026, 5, 25, 12)):
            old, refused, moved = (self.new_lead(self.acquaintance) for _each in range(3))
            handed = self.new_lead(self.list)
            gone = self.new_lead(self.list)
        with freeze_time(datetime(2026, 5, 31, 23, 59)):
            gone.action_set_lost(lost_reason_id=self.reason.id)
        with self.at(1, 0):
            self.first = self.new_lead(self.list)
        with self.at(3):
            moved.stage_id = self.presentation
            refused.action_set_lost(lost_reason_id=self.reason.id)
            handed.user_id = self.sidorov
            spam = self.new_lead(self.list)
            jumper = self.new_lead(self.list)
        with self.at(4):
            spam.action_set_lost(lost_reason_id=self.spam.id)
            jumper.stage_id = self.contract
        with self.at(7, 23):
            self.last = self.new_lead(self.payment, expected_revenue=500)
        with self.at(8, 0):
            old.stage_id = self.presentation
            self.late = self.new_lead(self.list)

    def test_ledger(self):
        self.play_a_week()
        review = self.make()
        line = self.line(review, self.ivanov)
        # old, refused, moved, handed; first, spam, jumper, last came; refused, handed, spam and
        # last, which was won at once, went.
        self.assertEqual((line.opening, line.entered, line.exited, line.closing), (4, 4, 4, 4))
        names = ("opening", "entered", "advanced", "refused", "handed_over", "closing")
        self.assertEqual(
            {row.stage_name: tuple(row[name] for name in names) for row in line.stage_ids},
            {
                "Client List": (1, 4, 2, 1, 1, 1),
                "Acquaintance": (3, 2, 3, 1, 0, 1),
                "Presentation": (0, 3, 2, 0, 0, 1),
                "Contract": (0, 2, 1, 0, 0, 1),
            },
        )
        other = self.line(review, self.sidorov)
        self.assertEqual((other.opening, other.entered, other.closing), (0, 1, 1))
        self.assertEqual((line.new_clients, line.won, line.won_amount), (4, 1, 500))
        self.assertEqual(line.refused, 1)
        self.assertEqual(
            [(r.reason_name, r.number) for r in line.refusal_ids], [(self.reason.name, 1)]
        )

    def test_weeks_join(self):
        self.play_a_week()
        reviews = [
            self.make(WEEK + timedelta(days=7 * number), NOW + timedelta(days=8))
            for number in (-1, 0, 1)
        ]
        for before, after in zip(reviews, reviews[1:], strict=False):
            for user in (self.ivanov, self.sidorov):
                ends = {
                    r.stage_key: r.closing for r in self.line(before, user).stage_ids if r.closing
                }
                begins = {
                    r.stage_key: r.opening for r in self.line(after, user).stage_ids if r.opening
                }
                self.assertEqual(ends, begins)
                self.assertEqual(self.line(before, user).closing, self.line(after, user).opening)

    def test_taken_down_late_it_is_the_same(self):
        self.play_a_week()
        in_time = self.figures(self.make())
        with freeze_time(NOW + timedelta(days=10)):
            self.first.action_set_lost(lost_reason_id=self.reason.id)
            self.last.stage_id = self.contract
            self.late.user_id = self.sidorov
        review = self.Review.search([("team_id", "=", self.team.id)])
        review.unlink()
        self.assertEqual(self.figures(self.make(now=NOW + timedelta(days=21))), in_time)

    def test_week_of_the_company(self):
        """Sunday 23:30 in UTC is Monday in Moscow."""
        self.env.company.funnel_tz = "Europe/Moscow"
        with freeze_time(datetime(2026, 6, 7, 20, 30)):
            self.new_lead(self.list)
        with freeze_time(datetime(2026, 6, 7, 21, 30)):
            self.new_lead(self.list)
        self.assertEqual(self.line(self.make(), self.ivanov).closing, 1)

    def test_contacts_against_norms(self):
        self.env["crm.contact.norm.week"].create(
            {
                "company_id": self.env.company.id,
                "user_id": self.sidorov.id,
                "team_id": self.team.id,
                "sales_role": "hunter",
                "week_start": WEEK,
                "kind": "meeting",
                "weekly_norm": 12,
                "norm": 9.6,
            }
        )
        logs = self.env["crm.contact.log"].create(
            [
                {
                    "kind": "meeting",
                    "partner_id": self.env.ref("base.main_partner").id,
                    "user_id": self.sidorov.id,
                    "date": datetime(2026, 6, day, 10),
                    "result": "Came to see us",
                }
                for day in (2, 3, 4, 7)
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_contact_log SET counts_as = CASE WHEN id = %s THEN 'visit' ELSE"
            " 'productive_meeting' END, week_start = %s, team_id = %s, state = 'done'"
            " WHERE id = ANY(%s)",
            (logs[0].id, WEEK, self.team.id, logs.ids),
        )
        self.env.invalidate_all()
        line = self.line(self.make(), self.sidorov)
        self.assertEqual(
            {row.kind: (row.done, row.norm) for row in line.contact_ids},
            {"meeting": (4, 9.6), "productive_meeting": (3, 0), "visit": (1, 0)},
        )
        self.assertEqual(line.sales_role, "hunter")
        reported = self.env["crm.contact.report"].search(
            [("user_id", "=", self.sidorov.id), ("week_start", "=", WEEK), ("kind", "=", "meeting")]
        )
        self.assertEqual((reported.counted, reported.norm), (4, 9.6))

    def test_transitions_are_those_of_the_board(self):
        for login, counts in (
            ("ivanov", (60, 40, 20, 16, 16)),
            ("sidorov", (60, 58, 50, 45, 44)),
        ):
            self.enter(getattr(self, login), counts, datetime(2026, 4, 1, 9))
        review = self.make()
        with freeze_time(NOW):
            board = self.Board.get_board(self.team.id, date_to="2026-06-07", weeks=13)
        for cell in board["cells"]:
            line = self.line(review, self.env["res.users"].browse(cell["manager"]))
            row = line.transition_ids.filtered(lambda r, c=cell: r.stage_key == c["transition"])
            for name in ("entered", "advanced", "rate", "target", "verdict", "explanation"):
                self.assertEqual(row[name], cell[name])
        self.assertEqual(
            [row.rate for row in review.team_transition_ids],
            [row["rate"] or 0 for row in board["transitions"]],
        )
        self.assertEqual(
            {(row.manager_name, row.stage_name, row.teacher_name) for row in review.problem_ids},
            {
                ("Ivanenko", "Acquaintance", "Sidorenko"),
                ("Ivanenko", "Presentation", "Sidorenko"),
            },
        )
        self.assertEqual(
            {line.manager_name: line.without_next_step for line in review.line_ids},
            {"Ivanenko": 44, "Sidorenko": 16},
        )
        self.assertEqual(board["standing"]["without_next_step"], 60)

    def test_clients_of_another_company_are_not_in_the_review(self):
        """The team is shared: the client of the other company has nothing planned and is old."""
        company = self.new_company()
        self.ivanov.company_ids |= company
        with freeze_time(datetime(2025, 6, 1)):
            own, other = (
                self.new_lead(self.list, company_id=each.id) for each in (self.env.company, company)
            )
        with freeze_time(datetime(2026, 6, 1)):
            for lead in own | other:
                planned = self.new_lead(self.list, company_id=lead.company_id.id)
                planned.activity_schedule(
                    "mail.mail_activity_data_todo", date_deadline=WEEK, user_id=self.ivanov.id
                )
        line = self.line(self.make(), self.ivanov)
        figures = (line.closing, line.without_next_step, line.overdue_steps, line.over_cycle)
        self.assertEqual(figures, (2, 1, 1, 1))

    def test_nothing_happened(self):
        self.assertFalse(self.Review._with_anything([(self.team, self.env.company, WEEK)]))

    def test_queries_do_not_grow_with_managers(self):
        counts = []
        for number in (2, 12):
            users = self.env["res.users"].browse()
            for each in range(number):
                users |= new_test_user(
                    self.env, f"test_m{number}_{each}", groups="sales_team.group_sale_salesman"
                )
            for user in users:
                with freeze_time(datetime(2026, 6, 2)):
                    self.new_lead(self.list, user)
            review = self.make()
            self.env.flush_all()
            self.env.invalidate_all()
            with freeze_time(NOW):
                before = self.env.cr.sql_log_count
                review._take_down()
                self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
            review.unlink()
        self.assertLessEqual(counts[1], counts[0] + 2)

    def test_taken_anew_keeps_what_was_said(self):
        self.play_a_week()
        review = self.make()
        line, other = self.line(review, self.ivanov), self.line(review, self.sidorov)
        line.with_user(self.ivanov).action_confirm("A good week")
        other.with_user(self.sidorov).action_confirm()
        with freeze_time(NOW + timedelta(hours=1)):
            review.with_user(self.leader).action_take_down()
        self.assertTrue(line.confirmed_at and other.confirmed_at)
        self.env.cr.execute(
            "UPDATE crm_lead_stage_history SET entered_at = '2026-06-02' WHERE lead_id = %s",
            [self.late.id],
        )
        self.env.invalidate_all()
        with freeze_time(NOW + timedelta(hours=2)):
            review.with_user(self.leader).action_take_down()
        self.assertEqual(line.closing, 5)
        self.assertFalse(line.confirmed_at, "the figures are others than those confirmed")
        self.assertEqual(line.manager_word, "A good week")
        self.assertTrue(other.confirmed_at)

    def test_behind_the_figures(self):
        self.play_a_week()
        line = self.line(self.make(), self.ivanov)

        def found(action):
            model = self.env[action["res_model"]].with_context(**action["context"])
            return model.search_count(action["domain"])

        self.assertEqual(found(line.action_open_clients()), line.opening + line.entered)
        self.assertEqual(found(line.action_open_refusals()), line.refused)
        row = self.stage_row(line, self.acquaintance)
        self.assertEqual(found(row.action_open_clients()), row.opening + row.entered)
        self.assertEqual(found(line.refusal_ids.action_open_refusals()), 1)
        self.assertEqual(found(line.action_open_contacts()), 0)


@tagged("post_install", "-at_install")
class TestMaking(ReviewCase):
    def setUp(self):
        super().setUp()
        with freeze_time(datetime(2026, 5, 12)):
            self.lead = self.new_lead(self.list)
        self.env["crm.team"].search([("id", "!=", self.team.id)]).use_opportunities = False

    def run_cron(self, now):
        self.env.registry.clear_cache()
        with freeze_time(now), self.enter_registry_test_mode():
            self.env.ref(CRON).method_direct_trigger()
        self.env.invalidate_all()
        return sorted(self.weeks())

    def weeks(self):
        return self.Review.search([("team_id", "=", self.team.id)]).mapped("week_start")

    def test_once_past_midnight_of_monday(self):
        self.assertEqual(self.run_cron(datetime(2026, 6, 7, 23, 59)), [date(2026, 5, 25)])
        self.assertEqual(self.run_cron(datetime(2026, 6, 8, 0, 1)), [date(2026, 5, 25), WEEK])

    def test_midnight_of_the_company(self):
        self.env.company.funnel_tz = "America/New_York"
        self.assertEqual(self.run_cron(datetime(2026, 6, 8, 3, 59)), [date(2026, 5, 25)])
        self.assertEqual(self.run_cron(datetime(2026, 6, 8, 4, 1)), [date(2026, 5, 25), WEEK])

    def test_run_twice(self):
        self.run_cron(NOW)
        review = self.Review.search([("team_id", "=", self.team.id)])
        self.assertEqual(self.run_cron(NOW + timedelta(hours=1)), [WEEK])
        self.assertEqual(self.Review.search([("team_id", "=", self.team.id)]), review)

    def test_three_weeks_late(self):
        self.run_cron(NOW)
        missed = [WEEK + timedelta(days=7 * number) for number in range(4)]
        self.assertEqual(self.run_cron(NOW + timedelta(days=21)), missed)
        self.assertEqual(
            len(self.env["mail.activity"].search([("user_id", "=", self.ivanov.id)])),
            2,
            "of the weeks that were missed nobody is reminded",
        )

    def test_week_that_failed_is_made_later(self):
        """Also where a later week is there already."""
        self.run_cron(NOW)
        make = type(self.Review)._make

        def fail(Review, team, company, week):
            if week == WEEK + timedelta(days=7):
                raise ZeroDivisionError
            return make(Review, team, company, week)

        weeks = [WEEK + timedelta(days=7 * number) for number in range(3)]
        late = NOW + timedelta(days=14)
        with (
            patch.object(type(self.Review), "_make", fail),
            self.assertLogs("odoo.addons.sales_funnel_control", "ERROR"),
        ):
            self.assertEqual(self.run_cron(late), [weeks[0], weeks[2]])
        self.assertEqual(self.run_cron(late), weeks)

    def test_missed_too_long_ago(self):
        self.run_cron(NOW)
        weeks = self.run_cron(NOW + timedelta(days=7 * 14))
        self.assertEqual(weeks, [WEEK] + [WEEK + timedelta(days=7 * n) for n in range(3, 15)])

    def test_killed_in_the_middle(self):
        self.run_cron(NOW)
        late = NOW + timedelta(days=21)
        make = type(self.Review)._make

        def die_in_the_third(Review, team, company, week):
            review = make(Review, team, company, week)
            if week == date(2026, 6, 22):
                raise KilledError
            return review

        with (
            patch.object(type(self.Review), "_make", die_in_the_third),
            freeze_time(late),
            self.enter_registry_test_mode(),
            self.registry.cursor() as cr,
            # Not assertRaises: its savepoint would not outlive what the cron commits.
            suppress(KilledError),
        ):
            self.env(cr=cr)["crm.weekly.review"]._cron_make()
        self.env.invalidate_all()
        made = self.Review.search([("team_id", "=", self.team.id)])
        self.assertEqual(sorted(made.mapped("week_start"))[-1], date(2026, 6, 15))
        self.assertEqual(len(made), 3)
        self.assertTrue(all(review.line_ids for review in made))
        self.assertEqual(len(self.run_cron(late)), 4)
        self.assertEqual(len(set(self.weeks())), 4)

    def test_failing_database_stops_the_run(self):
        def fail(*_args):
            raise OperationalError

        with (
            patch.object(type(self.Review), "_make", fail),
            freeze_time(NOW),
            self.assertRaises(OperationalError),
        ):
            self.Review._cron_make()

    def test_team_that_fails_does_not_stop_others(self):
        other = self._make_team("Test Others", user_id=self.leader.id)
        stages = self._build_funnel(other)
        with freeze_time(datetime(2026, 5, 12)):
            self.new_lead(stages[0], team_id=other.id)
        make = type(self.Review)._take_down

        def fail(review):
            if review.team_id == self.team:
                raise ZeroDivisionError
            return make(review)

        self.patch(type(self.Review), "_take_down", fail)
        with self.assertLogs("odoo.addons.sales_funnel_control", "ERROR"):
            self.assertFalse(self.run_cron(NOW))
        self.assertTrue(self.Review.search([("team_id", "=", other.id)]).line_ids)

    def test_nothing_no_review(self):
        with freeze_time(datetime(2026, 5, 13)):
            self.lead.action_set_lost(lost_reason_id=self.reason.id)
            self.env.cr.flush()
        self.assertFalse(self.run_cron(NOW))

    def test_head_makes_missing_ones(self):
        with freeze_time(NOW):
            with self.assertRaisesRegex(UserError, "have their review"):
                self.Review.with_user(self.ivanov).action_make_now()
            action = self.Review.with_user(self.leader).action_make_now()
            self.assertEqual(self.Review.browse(action["res_id"]).week_start, WEEK)
            with self.assertRaisesRegex(UserError, "have their review"):
                self.Review.with_user(self.leader).action_make_now()

    def test_reminders(self):
        review = self.make()
        self.assertEqual(review.activity_ids.user_id, self.ivanov | self.leader)
        self.line(review, self.ivanov).with_user(self.ivanov).action_confirm("So it was")
        self.assertEqual(review.activity_ids.user_id, self.leader)
        review.with_user(self.leader).action_close()
        self.assertFalse(review.activity_ids)

    def test_head_with_clients_still_has_the_review_to_do(self):
        self.team.user_id = self.ivanov
        review = self.make()
        self.line(review, self.ivanov).with_user(self.ivanov).action_confirm()
        self.assertEqual(review.activity_ids.user_id, self.ivanov)

    def test_shared_team_has_a_review_in_each_company(self):
        company = self.new_company()
        user = new_test_user(
            self.env,
            "test_second",
            groups="sales_team.group_sale_salesman",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": user.id})
        with freeze_time(datetime(2026, 6, 2)):
            self.new_lead(self.list, user, company_id=company.id)
        self.run_cron(NOW)
        reviews = self.Review.search([("team_id", "=", self.team.id)])
        self.assertEqual(
            {(r.company_id, r.line_ids.user_id) for r in reviews},
            {(company, user), (self.env.company, self.ivanov)},
        )

    def test_shared_team_has_a_review_where_its_clients_are(self):
        """Nobody of the team is at home in the company, or the client has left already."""
        company, former = self.new_company(), self.new_company("Third")
        self.ivanov.company_ids |= company | former
        with freeze_time(datetime(2026, 6, 2)):
            self.new_lead(self.list, company_id=company.id)
            left = self.new_lead(self.list, company_id=former.id)
        with freeze_time(datetime(2026, 6, 3)):
            left.action_set_lost(lost_reason_id=self.reason.id)
            self.env.cr.flush()
        self.run_cron(NOW)
        reviews = self.Review.search([("team_id", "=", self.team.id)])
        self.assertEqual(reviews.company_id, self.env.company | company | former)


class ClosingCase(ReviewCase):
    """A week that waits to be closed."""

    def setUp(self):
        super().setUp()
        with freeze_time(datetime(2026, 6, 2)):
            self.lead = self.new_lead(self.list)
            self.new_lead(self.list, self.sidorov)
        with freeze_time(datetime(2026, 6, 3)):
            self.lead.action_set_lost(lost_reason_id=self.reason.id)
        self.review = self.make()
        self.mine = self.line(self.review, self.ivanov).with_user(self.ivanov)

    def decide(self, **values):
        with freeze_time(NOW):
            return self.Decision.with_user(self.leader).create(
                {
                    "review_id": self.review.id,
                    "user_id": self.ivanov.id,
                    "stage_id": self.presentation.id,
                    "kind": "mentoring",
                    "mentor_id": self.sidorov.id,
                    "responsible_id": self.sidorov.id,
                    "date_due": "2026-06-20",
                    **values,
                }
            )


@tagged("post_install", "-at_install")
class TestClosing(ClosingCase):
    def test_confirm(self):
        self.mine.manager_word = "Two were ill"
        self.mine.action_confirm()
        self.assertTrue(self.mine.confirmed_at)
        self.assertEqual(self.mine.manager_word, "Two were ill")
        self.assertEqual(self.review.unconfirmed_count, 1)

    def test_only_the_manager_confirms(self):
        for user in (self.leader, self.head):
            with self.assertRaises(AccessError):
                self.mine.with_user(user).action_confirm()
            with self.assertRaises(AccessError):
                self.mine.with_user(user).manager_word = "Said for another"
        with self.assertRaises(AccessError):
            self.mine.with_user(self.sidorov).action_confirm()

    def test_nobody_writes_figures(self):
        with self.assertRaises(AccessError):
            self.mine.won = 10
        with self.assertRaises(AccessError):
            self.mine.confirmed_at = NOW
        with self.assertRaises(AccessError):
            self.mine.stage_ids.with_user(self.head).closing = 3
        with self.assertRaises(AccessError):
            self.review.with_user(self.head).state = "closed"
        self.review.with_user(self.leader).head_word = "Work the list"
        with self.assertRaises(AccessError):
            self.review.with_user(self.ivanov).head_word = "I am the head"

    def test_decision_is_an_activity(self):
        decision = self.decide()
        activity = decision.activity_id
        self.assertEqual(activity.user_id, self.sidorov)
        self.assertEqual(str(activity.date_deadline), "2026-06-20")
        self.assertEqual(activity.summary, "Ivanenko, Presentation: Mentoring")
        decision.note = "Offer <discount> to <new> clients"
        self.assertIn("&lt;discount&gt; to &lt;new&gt;", activity.note)
        decision.date_due = "2026-06-25"
        self.assertEqual(str(activity.date_deadline), "2026-06-25")
        with freeze_time(NOW):
            self.assertEqual(decision.progress, "open")
            decision.invalidate_recordset(["progress"])
        with freeze_time("2026-06-26"):
            self.assertEqual(decision.progress, "late")
        self.review.with_user(self.leader).action_close()
        activity.with_user(self.sidorov).action_feedback()
        decision.invalidate_recordset()
        self.assertEqual(decision.progress, "done")
        self.assertTrue(decision.done_on)

    def test_what_the_system_writes_down_is_not_written_by_hand(self):
        decision = self.decide().with_user(self.leader)
        activity = self.lead.activity_schedule(
            "mail.mail_activity_data_todo", summary="Not theirs", user_id=self.head.id
        )
        tried = {
            "activity_id": activity.id,
            "decided_on": "2025-01-01",
            "is_on_team": True,
            "manager_name": "Other",
            "mentor_name": "Other",
            "responsible_name": "Other",
            "transition_name": "Other",
            "user_key": self.head.id,
        }
        for name, value in tried.items():
            with self.subTest(name):
                with self.assertRaises(AccessError):
                    decision.write({name: value, "note": "Other"})
                with self.assertRaises(AccessError):
                    self.decide(**{name: value})
        self.assertEqual(decision.note, False)
        self.assertEqual(activity.summary, "Not theirs")
        copy = decision.with_context(default_activity_id=activity.id).copy()
        self.assertEqual(copy.manager_name, "Ivanenko")
        self.assertNotIn(copy.activity_id, activity | decision.activity_id)

    def test_activity_of_something_else_is_left_alone(self):
        decision = self.decide()
        activity = decision.activity_id
        activity.write({"res_model_id": self.env["ir.model"]._get_id("crm.lead")})
        activity.write({"res_id": self.lead.id})
        decision.with_user(self.leader).write({"note": "Other", "responsible_id": self.head.id})
        self.assertEqual(activity.user_id, self.sidorov)

    def test_decision_stays_with_the_own_teams(self):
        other = self.review.sudo().copy(
            {"team_id": self._make_team("Test Others").id, "week_start": WEEK}
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.decide().with_user(self.leader).review_id = other

    def test_stage_of_a_decision_stays(self):
        """Else the ledger would not know the transition any more, nor anybody its effect."""
        self.decide()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.presentation.unlink()

    def test_dropped(self):
        decision = self.decide()
        decision.activity_id.unlink()
        decision.invalidate_recordset()
        self.assertEqual(decision.progress, "dropped")

    def test_decide_from_a_problem(self):
        self.enter(self.ivanov, (60, 40), datetime(2026, 4, 1, 9))
        self.enter(self.sidorov, (60, 60), datetime(2026, 4, 1, 9))
        self.review.unlink()
        self.review = self.make()
        problem = self.review.problem_ids.filtered(lambda row: row.stage_id == self.acquaintance)
        self.assertFalse(problem.is_decided)
        context = problem.with_user(self.leader).action_decide()["context"]
        with freeze_time(NOW):
            decision = self.Decision.with_user(self.leader).with_context(**context).create({})
        self.assertEqual(decision.kind, "mentoring")
        self.assertEqual(decision.mentor_id, self.sidorov)
        self.assertEqual(decision.responsible_id, self.sidorov)
        self.assertEqual(str(decision.date_due), "2026-06-22")
        self.assertTrue(problem.is_decided)

    def test_who_may_close(self):
        for user in (self.ivanov, self.sidorov):
            with self.assertRaises(AccessError):
                self.review.with_user(user).action_close()
        self.review.with_user(self.leader).action_close()
        self.assertEqual(self.review.closed_by_name, "Leader")
        closed_at = self.review.closed_at
        with freeze_time(NOW + timedelta(days=1)):
            self.review.with_user(self.leader).action_close()
        self.assertEqual(self.review.closed_at, closed_at)

    def test_closed_stands_still(self):
        """Whoever tries, by whatever way."""
        decision = self.decide()
        self.review.with_user(self.leader).action_close()
        line = self.mine.sudo()
        with freeze_time(datetime(2026, 5, 26)):
            self.new_lead(self.list)
        other = self.make(WEEK - timedelta(days=7), NOW)
        attempts = {
            "line": lambda: line.write({"won": 3}),
            "word": lambda: self.mine.write({"manager_word": "Too late"}),
            "confirm": self.mine.action_confirm,
            "stage": lambda: line.stage_ids.write({"closing": 3, "opening": 3}),
            "refusal": lambda: line.refusal_ids.write({"number": 3}),
            "row deleted": line.refusal_ids.unlink,
            "row added": lambda: line.refusal_ids.create({"line_id": line.id, "number": 3}),
            "line deleted": line.unlink,
            "line added": line.copy,
            "decision": lambda: decision.sudo().write({"note": "Other"}),
            "decision's activity": lambda: decision.sudo().write({"activity_id": False}),
            "decision deleted": decision.sudo().unlink,
            "decision added": self.decide,
            "review": lambda: self.review.sudo().write({"head_word": "Other"}),
            "reopened": lambda: self.review.sudo().write({"state": "open"}),
            "deleted": self.review.sudo().unlink,
            "by the review": lambda: self.review.sudo().write(
                {"decision_ids": [(0, 0, {"kind": "other", "date_due": "2026-07-01"})]}
            ),
            "taken down": self.review.sudo()._take_down,
            "taken anew": self.review.with_user(self.leader).action_take_down,
            "moved in": lambda: self.line(other, self.ivanov).copy({"review_id": self.review.id}),
        }
        before = self.review.get_review()
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaises(ValidationError), self.env.cr.savepoint():
                attempt()
            self.env.invalidate_all()
        self.assertEqual(self.review.get_review(), before)
        self.review.message_post(body="One may still talk about it")
        self.review.activity_schedule("mail.mail_activity_data_todo", user_id=self.leader.id)

    def test_names_of_then(self):
        decision = self.decide()
        self.review.with_user(self.leader).action_close()
        before = self.standing_still()
        whom = before["decisions"][0]
        self.assertEqual((whom["user_id"], whom["is_on_team"]), (self.ivanov.id, False))
        self.ivanov.name = "Ivanov-Petrov"
        self.presentation.name = "Show"
        self.list.name = "Names"
        self.reason.name = "No money"
        self.team.name = "Other Hunters"
        self.leader.name = "Former Leader"
        self.list.target_rate = 10
        self.presentation.target_rate = 10
        self.ivanov.active = False
        self.env.flush_all()
        self.env.cr.execute("DELETE FROM crm_lead WHERE id = %s", [self.lead.id])
        self.env.invalidate_all()
        self.reason.active = False
        self.acquaintance.unlink()
        self.env.cr.execute(
            "UPDATE crm_weekly_review_line SET user_id = NULL WHERE review_id = %s",
            [self.review.id],
        )
        self.env.cr.execute(
            "UPDATE crm_weekly_review_decision SET user_id = NULL, mentor_id = NULL WHERE id = %s",
            [decision.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.standing_still(), before)

    def standing_still(self):
        payload = self.review.get_review()
        for decision in payload["decisions"]:
            del decision["follow_up"]
        return payload

    def test_restatement(self):
        self.review.with_user(self.leader).action_close()
        self.assertFalse(self.review.get_restatement())
        before = self.review.get_review()
        self.reason.is_spam_or_duplicate = True
        with freeze_time(datetime(2026, 6, 2)):
            self.new_lead(self.list, self.head)
        rows = self.review.get_restatement()
        self.assertIn({"manager": "Ivanenko", "figure": "Lost Clients", "then": 1, "now": 0}, rows)
        self.assertIn(
            {
                "manager": "Ivanenko",
                "figure": f"{self.reason.name}: Refusals",
                "then": 1,
                "now": 0,
            },
            rows,
        )
        self.assertIn(
            {"manager": self.head.name, "figure": "Clients on Sunday", "then": 0, "now": 1}, rows
        )
        self.assertNotIn("Sidorenko", {row["manager"] for row in rows})
        self.assertEqual(self.review.get_review(), before)
        self.assertIn("Lost Clients", self.review.restatement)
        mine = self.review.with_user(self.ivanov).get_restatement()
        self.assertEqual({row["manager"] for row in mine}, {"Ivanenko"})

    def test_restatement_reads_only(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            review = self.review.with_env(self.env(cr=cr))
            self.assertEqual(review.get_restatement(), [])
            self.assertTrue(review.get_review()["lines"])


@tagged("post_install", "-at_install")
class TestAccess(ClosingCase):
    """Who sees what of a review."""

    def test_manager_sees_own_week(self):
        self.env.invalidate_all()
        review = self.review.with_user(self.ivanov)
        self.assertEqual(review.line_ids.user_id, self.ivanov)
        payload = review.get_review()
        self.assertEqual([line["manager"] for line in payload["lines"]], ["Ivanenko"])
        self.assertNotIn("Sidorenko", str(payload))
        self.env.invalidate_all()
        self.assertEqual(len(self.review.line_ids), 2)
        self.assertEqual(review.get_review(), payload, "whoever has read the review before")

    def test_leader_and_head_see_the_team(self):
        for user in (self.leader, self.head):
            review = self.review.with_user(user)
            self.assertEqual(len(review.line_ids), 2)
            self.assertTrue(review.may_lead)

    def test_stranger_and_portal_see_nothing(self):
        stranger = new_test_user(self.env, "test_other", groups="sales_team.group_sale_salesman")
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        domain = [("team_id", "=", self.team.id)]
        for name in ("crm.weekly.review", "crm.weekly.review.line", "crm.weekly.review.decision"):
            self.assertFalse(self.env[name].with_user(stranger).search(domain))
            with self.assertRaises(AccessError):
                self.env[name].with_user(portal).search(domain)
        for part in ("contact", "stage", "refusal", "transition"):
            Part = self.env[f"crm.weekly.review.{part}"]
            path = "review_id" if part == "transition" else "line_id.review_id"
            self.assertFalse(Part.with_user(stranger).search([(path, "=", self.review.id)]))
        for method in ("get_review", "get_restatement"):
            with self.assertRaises(AccessError):
                getattr(self.review.with_user(stranger), method)()

    def test_decisions(self):
        about_ivanov = self.decide()
        of_team = self.decide(user_id=False, mentor_id=False, responsible_id=self.leader.id)
        hidden = self.decide(user_id=self.head.id, mentor_id=False, responsible_id=self.leader.id)
        every = about_ivanov | of_team | hidden
        domain = [("id", "in", every.ids)]
        for user, seen in (
            (self.ivanov, about_ivanov | of_team),
            (self.sidorov, about_ivanov | of_team),
            (self.leader, every),
            (self.head, every),
        ):
            self.assertEqual(self.Decision.with_user(user).search(domain), seen, user.name)
        with self.assertRaises(AccessError):
            about_ivanov.with_user(self.ivanov).note = "I do not want to"
        with self.assertRaises(AccessError):
            about_ivanov.with_user(self.ivanov).unlink()
        with self.assertRaises(AccessError):
            self.decide().with_user(self.sidorov).copy()

    def test_other_company(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "test_elsewhere",
            groups="sales_team.group_sale_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.Review.with_user(user).search([("team_id", "=", self.team.id)]))
