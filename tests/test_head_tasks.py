from datetime import date, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FunnelCase

# Wednesday noon in Moscow.
NOW = "2026-03-04 09:00:00"
TODAY = date(2026, 3, 4)
MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)


class TaskCase(FunnelCase):
    """A head who leads Ivanenko and Sidorenko, and somebody who does not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(NOW))
        cls.env.company.funnel_tz = "Europe/Moscow"
        cls.Task = cls.env["crm.head.task"]
        cls.Report = cls.env["crm.head.task.report"]
        cls.head = new_test_user(
            cls.env, "test_task_head", groups="sales_team.group_sale_salesman", name="Smirnenko"
        )
        cls.admin = new_test_user(
            cls.env, "test_task_admin", groups="sales_team.group_sale_manager", name="Bossenko"
        )
        cls.team.user_id = cls.head

    def task(self, user=None, by=None, **values):
        task = self.Task.with_user(by or self.head).create(
            {
                "name": "Call the director",
                "user_id": (user or self.ivanov).id,
                "date_due": TODAY,
                **values,
            }
        )
        return task.with_env(self.env)

    def done_at(self, task, moment):
        with freeze_time(moment):
            task.task_activity_ids.with_user(task.user_id).action_feedback("Did it")

    def counts(self, user=None, **domain):
        """``in time, late, overdue, open, per cent`` of the report."""
        [row] = self.Report.with_user(user or self.admin)._read_group(
            [("user_id", "in", (self.ivanov + self.sidorov).ids)],
            [],
            ["in_time:sum", "late:sum", "overdue:sum", "pending:sum", "in_time_rate:avg"],
        )
        return row


@tagged("post_install", "-at_install")
class TestHeadTasks(TaskCase):
    def test_manager_finds_an_activity(self):
        deal = self.new_lead()
        client = self.env["res.partner"].create({"name": "Romashka"})
        on_deal, on_client, free = (
            self.task(lead_id=deal.id, by=self.admin, note="Before <noon>"),
            self.task(partner_id=client.id, by=self.admin),
            self.task(),
        )
        for task, subject in ((on_deal, deal), (on_client, client), (free, free)):
            activity = task.task_activity_ids
            self.assertEqual((activity.res_model, activity.res_id), (subject._name, subject.id))
            self.assertEqual(
                (activity.user_id, activity.date_deadline, activity.summary),
                (self.ivanov, TODAY, "Call the director"),
            )
            self.assertEqual(task.action_open_subject()["res_id"], subject.id)
        self.assertEqual(on_deal.task_activity_ids.create_uid, self.admin)
        self.assertIn("Before &lt;noon&gt;", on_deal.task_activity_ids.note)
        self.assertEqual(
            (on_deal.team_id, on_deal.sales_role, on_deal.week_start),
            (self.team, "hunter", MONDAY),
        )

    def test_in_time_by_the_companys_clock(self):
        """Due on the 4th: the day ends at 21:00 UTC in Moscow."""
        just, missed = self.task(), self.task()
        self.done_at(just, "2026-03-04 20:59:59")
        self.done_at(missed, "2026-03-04 21:00:00")
        self.assertEqual((just.state, missed.state), ("in_time", "late"))

    def test_nobody_ties_activities_to_tasks(self):
        """Whoever could, would have somebody else's task done by an activity of their own."""
        task = self.task()
        mine = self.new_lead(user=self.sidorov).activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.sidorov.id
        )
        mine = mine.with_user(self.sidorov)
        values = {"res_model_id": mine.res_model_id.id, "res_id": mine.res_id}
        with self.assertRaises(AccessError):
            mine.write({"head_task_id": task.id})
        with self.assertRaises(AccessError):
            mine.create({**values, "head_task_id": task.id})
        with self.assertRaises(AccessError):
            mine.with_context(default_head_task_id=task.id).create(values)
        with self.assertRaises(AccessError):
            task.task_activity_ids.with_user(self.ivanov).write({"head_task_id": False})
        self.assertFalse(mine.create(values).head_task_id)
        self.assertEqual(task.state, "open")

    def test_status_is_found_in_one_query(self):
        task = self.task()
        self.env.flush_all()
        with self.assertQueryCount(1):
            found = self.Task.search([("state", "=", "open"), ("user_id", "=", self.ivanov.id)])
        self.assertEqual(found, task)
        self.assertFalse(
            self.Task.search([("state", "!=", "open"), ("user_id", "=", self.ivanov.id)])
        )

    def test_overdue_from_midnight_on(self):
        task = self.task()
        for moment, state in (("2026-03-04 20:59:59", "open"), ("2026-03-04 21:00:00", "overdue")):
            with freeze_time(moment):
                task.invalidate_recordset(["state"])
                self.assertEqual(task.state, state)
                self.assertEqual(self.Task.search([("state", "=", state)]) & task, task)
                self.assertFalse(
                    self.Task.search([("state", "not in", [state])]) & task, "and no other"
                )

    def test_report_divides_sums(self):
        for user, moments in (
            (self.ivanov, ("2026-03-04 10:00:00", "2026-03-05 10:00:00", None)),
            (self.sidorov, ("2026-03-03 10:00:00",)),
        ):
            for moment in moments:
                task = self.task(user)
                if moment:
                    self.done_at(task, moment)
        self.task(date_due=TODAY + 5 * DAY)
        withdrawn = self.task()
        with freeze_time("2026-03-06 09:00:00"):
            self.assertEqual(self.counts(), (2, 1, 2, 1, 40), "Withdrawn is not yet.")
            withdrawn.with_user(self.head).action_withdraw()
            self.assertEqual(self.counts(), (2, 1, 1, 1, 50))
            by_user = self.Report.with_user(self.admin)._read_group(
                [("team_id", "=", self.team.id), ("week_start", "=", MONDAY)],
                ["user_id"],
                ["judged:sum", "in_time_rate:avg"],
                order="user_id",
            )
        self.assertEqual(
            [(user.name, judged, round(rate, 1)) for user, judged, rate in by_user],
            [("Ivanenko", 3, 33.3), ("Sidorenko", 1, 100)],
        )

    def test_putting_off_does_not_help_the_manager(self):
        task = self.task()
        activity = task.task_activity_ids.with_user(self.ivanov)
        activity.date_deadline = TODAY + DAY
        self.assertEqual((task.date_due, task.date_planned), (TODAY, TODAY + DAY))
        self.done_at(task, "2026-03-05 09:00:00")
        self.assertEqual(task.state, "late")

    def test_the_head_may_put_off(self):
        task = self.task()
        task.task_activity_ids.with_user(self.head).sudo().date_deadline = TODAY + DAY
        self.assertEqual((task.date_due, task.date_planned), (TODAY + DAY, False))
        task.with_user(self.head).write({"date_due": TODAY + 8 * DAY, "user_id": self.sidorov.id})
        self.assertEqual(task.task_activity_ids.date_deadline, TODAY + 8 * DAY)
        self.assertEqual(task.task_activity_ids.user_id, self.sidorov)
        self.assertEqual(task.week_start, MONDAY + 7 * DAY)

    def test_the_task_outlives_its_activity_and_its_deal(self):
        deal = self.new_lead()
        dropped, on_deal = self.task(), self.task(lead_id=deal.id, by=self.admin)
        dropped.task_activity_ids.with_user(self.ivanov).unlink()
        deal.unlink()
        self.assertEqual(self.counts()[3], 2, "Both are still to be done.")
        dropped.with_user(self.ivanov).action_done()
        self.assertEqual((dropped.state, on_deal.state), ("in_time", "open"))

    def test_merged_deals(self):
        deals = self.new_lead() + self.new_lead()
        tasks = [self.task(lead_id=deal.id, by=self.admin) for deal in deals]
        self.done_at(tasks[0], "2026-03-04 10:00:00")
        self.done_at(tasks[1], "2026-03-05 10:00:00")
        kept = deals.merge_opportunity()
        self.assertEqual([task.lead_id for task in tasks], [kept, kept])
        self.assertEqual([task.state for task in tasks], ["in_time", "late"])

    def test_set_again(self):
        done, withdrawn = self.task(), self.task()
        self.done_at(done, "2026-03-04 10:00:00")
        withdrawn.with_user(self.head).action_withdraw()
        self.assertFalse(withdrawn.task_activity_ids)
        self.assertEqual((done.state, withdrawn.state), ("in_time", "withdrawn"))
        (done + withdrawn).with_user(self.head).action_set_again()
        for task in done + withdrawn:
            self.assertEqual(task.state, "open")
            self.assertEqual(len(task.task_activity_ids.filtered("active")), 1)
        done.with_user(self.ivanov).action_done()
        self.assertEqual(done.state, "in_time")
        self.assertFalse(done.task_activity_ids.filtered("active"))

    # -- who may ------------------------------------------------------------------------------

    def test_who_may_set_tasks_to_whom(self):
        stranger = new_test_user(
            self.env, "test_task_other", groups="sales_team.group_sale_salesman", name="Petrenko"
        )
        for by, user in (
            (self.ivanov, self.sidorov),
            (self.ivanov, self.ivanov),
            (self.head, stranger),
            (self.head, self.head),
        ):
            with self.assertRaises(AccessError):
                self.task(user, by=by)
        self.assertTrue(self.task(stranger, by=self.admin))
        task = self.task(stranger, by=self.admin, team_id=self.team.id, company_id=0)
        self.assertFalse(task.team_id, "Which team it counts for is not for the caller to say.")

    def test_managers_do_not_change_what_is_asked(self):
        task = self.task().with_user(self.ivanov)
        self.assertFalse(task.may_change)
        for change in (
            lambda: task.write({"date_due": TODAY + DAY}),
            task.action_withdraw,
            task.action_set_again,
            task.unlink,
        ):
            with self.assertRaises(AccessError):
                change()
        with self.assertRaises(AccessError):
            task.with_user(self.sidorov).action_done()
        task.with_user(self.head).name = "Call the owner"
        self.assertEqual(task.sudo().task_activity_ids.summary, "Call the owner")

    def test_who_sees_tasks(self):
        task = self.task()
        for user, sees in (
            (self.ivanov, True),
            (self.head, True),
            (self.admin, True),
            (self.sidorov, False),
        ):
            for model in (self.Task, self.Report):
                found = model.with_user(user).search([("id", "=", task.id)])
                self.assertEqual(bool(found), sees, (user.name, model._name))
        portal = new_test_user(self.env, "test_task_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.Report.with_user(portal).search([])

    def test_foreign_deal(self):
        """A leader who may not read a deal cannot set a task on it."""
        other = self._make_team("Others")
        deal = self.new_lead(user=self.admin, team_id=other.id)
        with mute_logger("odoo.addons.base.models.ir_rule"), self.assertRaises(AccessError):
            self.task(lead_id=deal.id)

    # -- the wizard ---------------------------------------------------------------------------

    def test_set_to_several(self):
        with Form(self.env["crm.head.task.set"].with_user(self.head)) as form:
            form.name = "Tidy up the list"
            form.date_due = TODAY + DAY
            for user in (self.ivanov, self.sidorov):
                form.user_ids.add(user)
        tasks = self.Task.search(form.save().action_set()["domain"])
        self.assertEqual(tasks.user_id, self.ivanov + self.sidorov)
        self.assertEqual(set(tasks.mapped("date_due")), {TODAY + DAY})

    def test_each_deals_manager(self):
        deals = self.new_lead() + self.new_lead(user=self.sidorov)
        wizard = self.env["crm.head.task.set"].with_user(self.admin)
        wizard = wizard.with_context(active_model="crm.lead", active_ids=deals.ids)
        tasks = self.Task.search(wizard.create({"name": "Next step!"}).action_set()["domain"])
        self.assertEqual(
            {(task.lead_id, task.user_id) for task in tasks},
            {(deals[0], self.ivanov), (deals[1], self.sidorov)},
        )

    def test_wizard_says_what_is_missing(self):
        Wizard = self.env["crm.head.task.set"].with_user(self.admin)
        with self.assertRaisesRegex(UserError, "Choose who is to do it"):
            Wizard.create({"name": "Something"}).action_set()
        with self.assertRaisesRegex(UserError, "That day has passed"):
            Wizard.create({"name": "Something", "date_due": TODAY - DAY})

    # -- costs --------------------------------------------------------------------------------

    def test_ordinary_activities_are_left_alone(self):
        deal = self.new_lead()
        activity = deal.activity_schedule("mail.mail_activity_data_todo", user_id=self.env.uid)
        task = self.task()
        called = []

        def learn(tasks):
            called.append(tasks)

        self.patch(type(self.Task), "_learn", learn)
        activity.date_deadline = TODAY + DAY
        activity.action_feedback()
        self.assertFalse(called)
        task.task_activity_ids.date_deadline = TODAY + DAY
        self.assertEqual(called, [task])

    def test_states_of_many_take_one_query(self):
        tasks = self.Task.create(
            [{"name": "Task", "user_id": self.ivanov.id, "date_due": TODAY} for _each in range(30)]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        tasks.mapped("date_due")
        with self.assertQueryCount(1):
            tasks.mapped("state")
