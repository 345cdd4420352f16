from odoo.tests import tagged

from .test_norms import DAY, MONDAY, WEEK, NormCase


@tagged("post_install", "-at_install")
class TestProgress(NormCase):
    def progress(self, user=None, **context):
        return self.Norm.with_user(user or self.ivanov).with_context(**context).get_progress()

    def test_figures(self):
        self._norm(kind="effective_call", weekly_norm=40)
        self.env.company.purpose_hunter = False
        for counts_as, day in (
            ("held_meeting", MONDAY),
            ("productive_meeting", MONDAY + DAY),
            ("visit", MONDAY + 2 * DAY),
            ("effective_call", MONDAY + 2 * DAY),
            ("held_meeting", MONDAY - DAY),
        ):
            self.contact(counts_as, day)
        self.contact("held_meeting", user=self.sidorov)
        self.contact("held_meeting", state="to_confirm")
        progress = self.progress()
        self.assertEqual((progress["label"], progress["figures"]), ("Meetings", "3/12"))
        self.assertEqual(
            [line["kind"] for line in progress["lines"]], ["meeting", "effective_call"]
        )
        meeting = progress["lines"][0]
        self.assertEqual(
            (meeting["done_text"], meeting["today_text"], meeting["percent"]),
            ("3 of 12", "1 today", 25),
        )
        self.assertEqual(meeting["passed_percent"], 47.5)
        self.assertEqual((progress["days_text"], progress["purpose"]), ("", ""))

    def test_on_track_is_told_by_the_time_passed(self):
        """Of 12 meetings 5.7 stand for 19 of 40 hours: five are on track, four are one behind."""
        for _each in range(4):
            self.contact("held_meeting")
        line = self.progress()["lines"][0]
        self.assertEqual((line["state"], line["state_text"]), ("behind", "1 behind by now"))
        self.contact("held_meeting")
        self.assertEqual(self.progress()["lines"][0]["state"], "on_track")
        with self.at("2026-03-06 15:00"):  # the week's work is done
            line = self.progress()["lines"][0]
            self.assertEqual((line["state"], line["passed_percent"]), ("behind", 100))
            self.assertEqual(line["state_text"], "7 behind by now")
        with self.at("2026-03-02 05:59"):  # and has not begun
            self.assertEqual(self.progress()["lines"][0]["passed_percent"], 0)
        for _each in range(7):
            self.contact("held_meeting")
        line = self.progress()["lines"][0]
        self.assertEqual((line["state"], line["state_text"]), ("reached", "Norm reached"))

    def test_pace_knows_time_off(self):
        """Who was off until Wednesday has the rest of the week before them: 3 of 24 hours."""
        self.rest(MONDAY, MONDAY + DAY, self.ivanov)
        progress = self.progress()
        self.assertEqual(progress["days_text"], "3 of 5 working days")
        self.assertEqual(progress["figures"], "0/7.2")
        self.assertEqual(progress["lines"][0]["passed_percent"], 12.5)
        self.assertEqual(progress["state"], "on_track")
        self.rest(MONDAY, MONDAY + 6 * DAY, self.ivanov)
        progress = self.progress()
        self.assertEqual((progress["state"], progress["figures"]), ("off", "0/0"))

    def test_nothing_for_others(self):
        self.assertEqual(self.progress(self.head), {})
        self.assertTrue(self.Week.with_user(self.ivanov)._owes_contacts())
        self.assertFalse(self.Week.with_user(self.head)._owes_contacts())
        other = self.env["res.company"].create({"name": "Other"})
        self.ivanov.company_ids |= other
        self.assertEqual(self.progress(allowed_company_ids=other.ids), {})

    def test_purpose(self):
        self.company.write({"purpose_hunter": "<p>We open doors</p>", "purpose_farmer": "<p>x</p>"})
        self.assertIn("We open doors", self.progress()["purpose"])
        self.company.purpose_hunter = "<p>Hi<script>alert(1)</script></p>"
        self.assertNotIn("script", self.progress()["purpose"])

    def test_settings(self):
        settings = self.env["res.config.settings"].with_user(self.env.ref("base.user_admin"))
        settings.create({"purpose_trainee": "<p>Learn</p>"}).execute()
        self.assertIn("Learn", self.company.purpose_trainee)

    def test_russian_figures(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.rest(MONDAY)
        self.assertEqual(self.progress(lang="ru_RU")["figures"], "0/9,6")

    def test_the_head_sees_the_same(self):
        self.contact("held_meeting", MONDAY + 2 * DAY)
        self.rest(MONDAY, MONDAY, self.sidorov)
        Progress = self.env["crm.contact.norm.progress"].with_user(self.head)
        rows = Progress.search([("team_id", "=", self.team.id)])
        self.assertEqual(rows.user_id, self.ivanov | self.sidorov)
        for row in rows:
            self.assertEqual(row.lines, self.progress(row.user_id.with_env(self.env))["lines"])
        first = rows.filtered(lambda row: row.user_id == self.ivanov)
        self.assertEqual(
            (first.week_text, first.today_text, first.state),
            ("Meetings 1/12", "Meetings 1", "behind"),
        )
        action = first.action_open_contacts()
        self.assertEqual(self.env["crm.contact.log"].search_count(action["domain"]), 1)

    def test_search_by_state(self):
        for _each in range(12):
            self.contact("held_meeting")
        Progress = self.env["crm.contact.norm.progress"].with_user(self.head)
        ours = [("team_id", "=", self.team.id)]
        for state, expected in (
            ("reached", self.ivanov),
            ("behind", self.sidorov),
            ("on_track", self.env["res.users"]),
        ):
            self.assertEqual(Progress.search([*ours, ("state", "=", state)]).user_id, expected)
            self.assertEqual(
                Progress.search([*ours, ("state", "!=", state)]).user_id,
                (self.ivanov | self.sidorov) - expected,
            )

    def test_cost(self):
        self.contact("held_meeting")
        self.progress()
        self.env.invalidate_all()
        with self.assertQueryCount(14):
            self.progress()
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            self.Week.with_user(self.ivanov)._owes_contacts()

    def test_read_only(self):
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            norm = self.env(cr=cr, user=self.ivanov.id)["crm.contact.norm"]
            self.assertEqual(norm.get_progress()["figures"], "0/12")

    def test_nightly(self):
        self.Week.search([]).unlink()
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_refresh_norms").method_direct_trigger()
        self.assertEqual(self.owed(), 12)
        self.assertEqual(self.owed(week=MONDAY + WEEK), 12)
