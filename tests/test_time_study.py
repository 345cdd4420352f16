from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import Json2Case
from .test_timetable import TimetableCase

_CLOCK = "odoo.addons.sales_funnel_control.models.crm_time_study_clock"
_MONDAY = date(2026, 5, 18)


def at(text, day=_MONDAY):
    """The moment (naive UTC) when a clock in Berlin shows a time, in summer."""
    hours, minutes = map(int, text.split(":"))
    return datetime.combine(day, datetime.min.time()) + timedelta(hours=hours - 2, minutes=minutes)


class StudyCase(TimetableCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Study = cls.env["crm.time.study"]
        with freeze_time(at("8:00")):
            cls.study = cls.ask(cls.ivanov)

    @classmethod
    def ask(cls, user, head=None, **values):
        return (
            cls.env["crm.time.study"]
            .with_user(head or cls.leader)
            .create({"user_id": user.id, "date_from": _MONDAY, **values})
        )

    def tap(self, moment, kind, user=None):
        """Begin a kind of activity at a moment; None stops the clock."""
        Study = self.Study.with_user(user or self.ivanov)
        with freeze_time(moment):
            return Study.start_kind(self.kind(kind).id) if kind else Study.stop_kind()

    def run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("sales_funnel_control.ir_cron_close_time_studies").method_direct_trigger()

    def notes(self, study=None):
        return [
            (entry.kind_id.name, entry.minutes)
            for entry in (study or self.study).entry_ids.sorted(lambda e: (e.day, e.id))
        ]


@tagged("post_install", "-at_install")
class TestTimeStudy(StudyCase):
    """Noting where the time goes."""

    def test_asked(self):
        study = self.study
        self.assertEqual(
            (study.state, study.date_to, study.timetable_id, study.team_id, study.asked_by_id),
            ("asked", date(2026, 5, 20), self.hunter, self.team, self.leader),
        )
        [activity] = study.activity_ids
        self.assertEqual((activity.user_id, activity.date_deadline), (self.ivanov, _MONDAY))

    def test_form(self):
        form = Form(self.Study.with_user(self.head))
        form.user_id = self.petrova
        self.assertEqual(form.timetable_id, self.farmer)
        form.date_from = date(2026, 6, 1)
        form.date_to = date(2026, 6, 2)
        study = form.save()
        self.assertEqual(study.activity_ids.user_id, self.petrova)
        study.user_id = self.sidorov
        self.assertEqual(study.activity_ids.user_id, self.sidorov)

    def test_a_tap_starts_and_stops_the_former(self):
        self.tap(at("9:00"), "standup")
        self.assertEqual(self.study.state, "running")
        day = self.tap(at("9:21"), "telemarketing")
        self.assertEqual(
            (day["running"]["name"], day["running"]["since"]), ("Telemarketing", "09:21")
        )
        self.tap(at("10:00"), None)
        self.tap(at("10:30"), "documents")
        self.assertEqual(self.notes(), [("Stand-Up", 21), ("Telemarketing", 39), ("Documents", 0)])
        with freeze_time(at("11:15")):
            day = self.Study.with_user(self.ivanov).get_my_day()
        self.assertEqual(day["total"], "1 h 45 min")
        self.assertEqual(day["running"]["duration"], "45 min")
        self.assertEqual(
            {kind["name"]: kind["total"] for kind in day["kinds"] if kind["total"]},
            {"Stand-Up": "21 min", "Telemarketing": "39 min", "Documents": "45 min"},
        )
        self.assertEqual(
            [(note["span"], note["duration"]) for note in day["notes"]],
            [("10:30–", "45 min"), ("09:21–10:00", "39 min"), ("09:00–09:21", "21 min")],
        )
        self.assertEqual(day["now"], "By the timetable: “Reports” (11:00–13:00)")

    def test_second_tap_changes_nothing(self):
        self.tap(at("9:00"), "standup")
        self.tap(at("9:10"), "standup")
        self.assertEqual(len(self.study.entry_ids), 1)
        self.tap(at("9:30"), None)
        day = self.tap(at("9:40"), None)
        self.assertIs(day["running"], False)
        self.assertEqual(self.notes(), [("Stand-Up", 30)])

    def test_minutes_add_up(self):
        """Seconds are cut, not rounded: notes that follow each other lose no minute."""
        self.tap(at("9:00") + timedelta(seconds=40), "standup")
        self.tap(at("9:10") + timedelta(seconds=20), "documents")
        self.tap(at("9:15") + timedelta(seconds=50), "telemarketing")
        self.tap(at("9:30") + timedelta(seconds=10), None)
        self.assertEqual([minutes for _kind, minutes in self.notes()], [10, 5, 15])

    def test_quarter_is_taken_off_what_runs(self):
        self.tap(at("9:00"), "telemarketing")
        with freeze_time(at("10:00")):
            Study = self.Study.with_user(self.ivanov)
            documents = self.kind("documents").id
            Study.add_quarter(documents)
            day = Study.add_quarter(documents)
            self.assertEqual(day["total"], "1 h")
            self.assertEqual(day["running"]["duration"], "30 min")
            mistake = day["notes"][0]
            self.assertTrue(mistake["may_remove"])
            day = Study.remove_note(mistake["id"])
            self.assertEqual(day["running"]["duration"], "45 min")
        self.tap(at("11:00"), None)
        self.assertEqual(self.notes(), [("Telemarketing", 105), ("Documents", 15)])

    def test_quarter_at_the_border(self):
        """What has not lasted a quarter of an hour gives none away."""
        for started, total in (("9:46", "29 min"), ("9:45", "15 min")):
            with self.subTest(started), self.cr.savepoint() as point:
                self.tap(at(started), "telemarketing")
                with freeze_time(at("10:00")):
                    day = self.Study.with_user(self.ivanov).add_quarter(self.kind("documents").id)
                self.assertEqual(day["total"], total)
                point.rollback()
                self.env.invalidate_all()

    def test_timed_note_is_not_taken_back(self):
        self.tap(at("9:00"), "standup")
        entry = self.study.entry_ids
        with freeze_time(at("10:00")):
            self.Study.with_user(self.ivanov).remove_note(entry.id)
            self.Study.with_user(self.ivanov).set_note(entry.id, "Plans of the day")
        self.assertEqual(entry.exists().note, "Plans of the day")

    def test_note_of_another(self):
        self.tap(at("9:00"), "standup")
        entry = self.study.entry_ids
        self.ask(self.sidorov)
        with freeze_time(at("10:00")):
            self.Study.with_user(self.sidorov).set_note(entry.id, "Mine")
        self.assertFalse(entry.note)

    def test_forgotten(self):
        """It ends with the working day, and says so."""
        self.tap(at("16:00"), "documents")
        with freeze_time(at("20:00")):
            result = self.study.get_result()
            [row] = [row for row in result["rows"] if row["name"] == "Documents"]
            self.assertEqual(row["spent"], 240, "Still the same day: perhaps it goes on.")
        tuesday = at("9:05", _MONDAY + timedelta(days=1))
        with freeze_time(tuesday):
            result = self.study.get_result()
            [row] = [row for row in result["rows"] if row["name"] == "Documents"]
            self.assertEqual(row["spent"], 120)
            self.assertIn("taken to end with the working day: 1", result["remarks"][0])
        self.tap(tuesday, "standup")
        forgotten, running = self.study.entry_ids
        self.assertEqual((forgotten.stop, forgotten.minutes), (at("18:00"), 120))
        self.assertTrue(forgotten.is_closed_by_system)
        self.assertEqual((running.start, running.day), (tuesday, date(2026, 5, 19)))

    def test_forgotten_after_the_working_day(self):
        self.tap(at("19:00"), "documents")
        with freeze_time(at("8:00", _MONDAY + timedelta(days=1))):
            self.run_cron()
        self.assertEqual(self.study.entry_ids.minutes, 0)
        self.assertTrue(self.study.entry_ids.is_closed_by_system)

    def test_midnight(self):
        self.tap(at("23:50"), "documents")
        self.assertEqual(self.study.entry_ids.day, _MONDAY)
        self.tap(at("24:00"), "reports")
        self.assertEqual(self.study.entry_ids.mapped("day"), [_MONDAY, date(2026, 5, 19)])
        with self.assertRaisesRegex(ValidationError, "Split it at midnight"):
            self.study.entry_ids[1].write(
                {
                    "start": at("23:00", date(2026, 5, 19)),
                    "stop": at("24:01", date(2026, 5, 19)),
                }
            )

    def test_days_of_the_study(self):
        day_before = at("23:59", _MONDAY - timedelta(days=1))
        with self.assertRaisesRegex(UserError, "Come back then"):
            self.tap(day_before, "standup")
        with freeze_time(day_before):
            self.assertFalse(self.Study.with_user(self.ivanov).get_my_day()["study"])
        self.tap(at("0:00"), "standup")
        self.tap(at("23:59", date(2026, 5, 20)), "documents")
        with self.assertRaisesRegex(UserError, "Nobody studies your time"):
            self.tap(at("0:00", date(2026, 5, 21)), "standup")

    def test_overlap(self):
        self.tap(at("9:00"), "standup")
        self.tap(at("9:30"), "documents")
        self.tap(at("10:00"), None)
        first, second = self.study.entry_ids
        with self.assertRaisesRegex(
            ValidationError, r"Stand-Up \(from 09:00\) and Documents \(from 09:30\) overlap"
        ):
            first.stop = at("9:31")
        first.stop = at("9:30")
        with self.assertRaises(ValidationError):
            second.start = at("9:29")
        with self.assertRaisesRegex(ValidationError, "other days are not noted"):
            first.write({"start": at("9:00", date(2026, 5, 21)), "stop": False})

    def test_only_one_runs(self):
        self.tap(at("9:00"), "standup")
        with (
            self.assertRaises(ValidationError),
            self.cr.savepoint(),
        ):
            self.study.entry_ids.create(
                {
                    "study_id": self.study.id,
                    "kind_id": self.kind("other").id,
                    "start": at("10:00"),
                }
            )

    def test_parallel_taps(self):
        """Who did not see the other tap is tried again, and stops it then."""
        self.tap(at("9:00"), "standup")
        self.patch(type(self.Study), "_check_overlap", lambda *_args: None)
        with (
            self.assertRaises(ConcurrencyError),
            mute_logger("odoo.sql_db"),
            freeze_time(at("9:00")),
        ):
            self.study._begin(self.kind("documents"), fields.Datetime.now())

    def test_two_studies_of_the_same_days(self):
        with self.assertRaises(ValidationError) as refused, self.cr.savepoint():
            self.ask(self.ivanov, date_from=date(2026, 5, 20))
        self.assertIn("Ivanenko notes their time for another study", str(refused.exception))
        self.ask(self.ivanov, date_from=date(2026, 5, 21))
        self.study.action_cancel()
        self.ask(self.ivanov)

    def test_study_of_a_head_one_knows_nothing_of(self):
        """The head of another team does not ask twice, and does not read what the first asked."""
        self.study.purpose = "Secret"
        colleague = new_test_user(
            self.env, "test_colleague", groups="sales_team.group_sale_salesman", name="Colleague"
        )
        self._make_team("Test Others", user_id=colleague.id)
        self.env["crm.team.member"].create(
            {
                "crm_team_id": self.env["crm.team"].search([("user_id", "=", colleague.id)]).id,
                "user_id": self.ivanov.id,
            }
        )
        Study = self.Study.with_user(colleague)
        self.assertFalse(Study.search([("user_id", "=", self.ivanov.id)]))
        with self.assertRaises(ValidationError) as refused, self.cr.savepoint():
            self.ask(self.ivanov, colleague)
        self.assertEqual(
            str(refused.exception),
            "Ivanenko notes their time for another study on some of these days. Choose other days.",
        )
        self.ask(self.ivanov, colleague, date_from=date(2026, 5, 21))

    def test_a_week_at_most(self):
        with self.assertRaises(ValidationError) as refused, self.cr.savepoint():
            self.ask(self.sidorov, date_to=_MONDAY + timedelta(days=7))
        self.assertIn("a week at most", str(refused.exception))
        self.ask(self.sidorov, date_to=_MONDAY + timedelta(days=6))

    def test_cron_finishes(self):
        self.tap(at("9:00", date(2026, 5, 20)), "standup")
        with freeze_time(at("23:59", date(2026, 5, 20))):
            self.run_cron()
            self.assertEqual(self.study.state, "running")
        with freeze_time(at("24:00", date(2026, 5, 20))):
            self.run_cron()
        self.assertEqual(self.study.state, "done")
        self.assertEqual(self.notes(), [("Stand-Up", 9 * 60)])
        self.assertEqual(self.study.activity_ids.user_id, self.leader)
        self.assertIn("See where the time went", self.study.activity_ids.summary)

    def test_cron_goes_on_after_a_study_that_fails(self):
        other = self.ask(self.sidorov)
        # The later one comes first in the cron.
        self.assertEqual(self.Study.search([("state", "=", "asked")])[0], other)
        finish = type(self.Study)._finish

        def fail(study, moment):
            finish(study, moment)
            if study == other:
                raise ValueError("Nonsense in a time zone")

        self.patch(type(self.Study), "_finish", fail)
        with freeze_time(at("24:00", date(2026, 5, 20))), self.assertLogs(_CLOCK) as logged:
            self.run_cron()
        self.assertEqual(
            logged.output,
            [f"WARNING:{_CLOCK}:Time study {other.id} cannot be closed: Nonsense in a time zone"],
        )
        self.assertEqual((self.study.state, other.state), ("done", "asked"))
        self.assertFalse(other.finished_at)

    def test_finishing(self):
        self.tap(at("9:00"), "standup")
        with freeze_time(at("9:30")):
            self.study.with_user(self.ivanov).action_finish()
        self.assertEqual(self.notes(), [("Stand-Up", 30)])
        with self.assertRaisesRegex(UserError, "its notes are kept"):
            self.study.entry_ids.with_user(self.ivanov).note = "Later"
        with self.assertRaisesRegex(UserError, "its notes are kept"):
            self.study.entry_ids.with_user(self.ivanov).unlink()
        with self.assertRaises(AccessError):
            self.study.with_user(self.ivanov).action_reopen()
        self.study.with_user(self.leader).action_reopen()
        self.study.entry_ids.with_user(self.ivanov).note = "Later"
        with self.assertRaisesRegex(UserError, "is not open to this"):
            self.study.with_user(self.leader).action_reopen()

    # -- rights -------------------------------------------------------------------------------

    def test_rights(self):
        self.tap(at("9:00"), "standup")
        study, entry = self.study, self.study.entry_ids
        for user, sees in (
            (self.ivanov, True),
            (self.leader, True),
            (self.head, True),
            (self.sidorov, False),
            (self.petrova, False),
        ):
            found = self.Study.with_user(user).search([("id", "=", study.id)])
            self.assertEqual(bool(found), sees, user.name)
            notes = entry.with_user(user).search([("id", "=", entry.id)])
            self.assertEqual(bool(notes), sees, user.name)
            if not sees:
                with self.assertRaises(AccessError):
                    study.with_user(user).get_result()

    def test_who_is_studied_does_not_change_what_is_asked(self):
        mine = self.study.with_user(self.ivanov)
        for values in (
            {"date_to": date(2026, 5, 18)},
            {"state": "cancelled"},
            {"timetable_id": self.farmer.id},
            {"user_id": self.sidorov.id},
            {"asked_by_id": self.ivanov.id},
        ):
            with self.assertRaises(AccessError, msg=values):
                mine.write(values)
        for action in (mine.action_cancel, mine.unlink):
            with self.assertRaises(AccessError):
                action()
        self.study.with_user(self.leader).write({"date_to": date(2026, 5, 18)})
        self.study.with_user(self.leader).unlink()

    def test_who_may_ask(self):
        self.ask(self.sidorov, self.sidorov)
        for user, head in ((self.petrova, self.leader), (self.leader, self.ivanov)):
            with self.assertRaises(AccessError):
                self.ask(user, head)
        self.ask(self.petrova, self.head)

    def test_other_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.head.company_ids += other
        self.ivanov.company_ids += other
        study = self.ask(self.ivanov, self.head, date_from=date(2026, 6, 1))
        study.sudo().company_id = other
        Study = self.Study.with_user(self.head).with_context(allowed_company_ids=self.company.ids)
        self.assertFalse(Study.search([("id", "=", study.id)]))
        allowed = Study.with_context(allowed_company_ids=other.ids)
        self.assertTrue(allowed.search([("id", "=", study.id)]))


@tagged("post_install", "-at_install")
class TestTimeStudyResult(StudyCase):
    """What a study shows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.study.date_to = date(2026, 5, 19)

    def rows(self, result):
        return {
            row["name"]: (row["planned"], row["spent"], row["difference"]) for row in result["rows"]
        }

    def work(self):
        """Monday: documents eat the calls. Tuesday: as planned, reports apart."""
        for moment, kind in (
            ("9:00", "standup"),
            ("9:20", "documents"),
            ("10:40", "telemarketing"),
            ("11:00", "reports"),
            ("13:00", None),
            ("14:00", "meetings"),
            ("17:00", "documents"),
            ("18:00", None),
        ):
            self.tap(at(moment), kind)

    def test_against_the_timetable(self):
        self.work()
        with freeze_time(at("23:00", date(2026, 5, 19))):
            result = self.study.get_result()
        self.assertEqual(
            self.rows(result),
            {
                "Stand-Up": (40, 20, -20),
                "Telemarketing": (200, 20, -180),
                "Meetings": (480, 180, -300),
                "Documents": (120, 140, 20),
                "Reports": (120, 120, 0),
            },
        )
        self.assertEqual(result["total"]["difference"], -480)
        self.assertEqual(result["headline"], "Meetings: 5 h less than planned.")
        verdicts = {row["name"]: row["verdict"] for row in result["rows"]}
        self.assertEqual(
            verdicts,
            {
                "Stand-Up": "as_planned",
                "Telemarketing": "less",
                "Meetings": "less",
                "Documents": "as_planned",
                "Reports": "as_planned",
            },
        )
        texts = {row["name"]: row["difference_text"] for row in result["rows"]}
        self.assertEqual(texts["Telemarketing"], "−3 h")
        self.assertEqual(texts["Documents"], "+20 min")
        self.assertEqual(max(row["planned_width"] for row in result["rows"]), 100)

    def test_timetable_counts_up_to_now(self):
        self.work()
        with freeze_time(at("10:30")):
            rows = self.rows(self.study.get_result())
        self.assertEqual(rows["Stand-Up"][0], 20)
        self.assertEqual(rows["Telemarketing"][0], 70)
        self.assertEqual(rows["Meetings"][0], 0)

    def test_headline(self):
        self.study.date_to = _MONDAY
        with freeze_time(at("23:00")):
            self.assertEqual(self.study.get_result()["headline"], "Nothing is noted yet.")
        self.work()
        with freeze_time(at("23:00")):
            self.assertEqual(
                self.study.get_result()["headline"],
                "Telemarketing: 1 h 20 min less than planned. Documents: 1 h 20 min more.",
            )

    def test_finished_study_keeps_its_plan(self):
        self.work()
        with freeze_time(at("20:00", date(2026, 5, 19))):
            self.study.action_finish()
        before = self.study.get_result()["rows"]
        self.hunter.block_ids.filtered(lambda b: b.kind_id == self.kind("telemarketing")).unlink()
        self.assertEqual(self.study.get_result()["rows"], before)
        self.study.action_reopen()
        with freeze_time(at("20:00", date(2026, 5, 19))):
            self.assertEqual(self.rows(self.study.get_result())["Telemarketing"][0], 0)

    def test_day_off_is_not_planned(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "date_from": at("0:00", date(2026, 5, 19)),
                "date_to": at("23:59", date(2026, 5, 19)),
            }
        )
        with freeze_time(at("23:00", date(2026, 5, 19))):
            self.assertEqual(self.rows(self.study.get_result())["Stand-Up"][0], 20)

    def test_contacts(self):
        """Logged in the company's days; those to be confirmed and those of others are left out."""
        partner = self.env["res.partner"].create({"name": "Romashka"})

        def log(moment, kind, user=self.ivanov, **values):
            with freeze_time(at("23:00", date(2026, 5, 22))):
                self.env["crm.contact.log"].create(
                    {
                        "kind": kind,
                        "date": moment,
                        "user_id": user.id,
                        "partner_id": partner.id,
                        **values,
                    }
                )

        log(at("0:00"), "outgoing_call")
        log(at("23:59"), "outgoing_call")
        log(at("0:00", date(2026, 5, 19)), "outgoing_call")
        log(at("23:59", date(2026, 5, 19)), "meeting")
        log(at("23:59", date(2026, 5, 17)), "meeting")
        log(at("0:00", date(2026, 5, 20)), "meeting")
        log(at("12:00"), "meeting", self.sidorov)
        log(at("12:00"), "meeting", state="to_confirm")
        with freeze_time(at("23:00", date(2026, 5, 22))):
            result = self.study.with_user(self.leader).get_result()
        self.assertEqual(result["days"], ["Mon 18 May", "Tue 19 May"])
        self.assertEqual(
            [(row["name"], row["counts"], row["total"]) for row in result["contacts"]],
            [
                ("Outgoing Call", [2, 1], 3),
                ("Meeting", [0, 1], 1),
                ("All contacts", [2, 2], 4),
            ],
        )

    def test_read_only(self):
        self.work()
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            env = self.env(cr=cr)
            env["crm.time.study"].browse(self.study.id).get_result()
            env["crm.time.study"].with_user(self.ivanov).get_my_day()

    def test_queries_do_not_grow_with_notes(self):
        self.tap(at("9:00"), "standup")

        def queries():
            self.env.invalidate_all()
            with freeze_time(at("23:00")):
                before = self.cr.sql_log_count
                self.study.get_result()
                self.Study.with_user(self.ivanov).get_my_day()
                return self.cr.sql_log_count - before

        queries()
        few = queries()
        for minute in range(30):
            self.tap(
                at("10:00") + timedelta(minutes=minute), "reports" if minute % 2 else "documents"
            )
        self.assertLessEqual(queries(), few + 2)


@tagged("post_install", "-at_install")
class TestWorkingDayOverHttp(StudyCase, Json2Case):
    """The pages, and what other programs may ask."""

    browser_size = "400x860"
    touch_enabled = True

    def ask_today(self):
        return self.ask(self.ivanov, date_from=self.company._funnel_today())

    def test_json2(self):
        self.ask_today()
        documents = self.kind("documents").id
        answer = self.json2(self.ivanov, "crm.time.study/start_kind", kind_id=documents)
        self.assertEqual(answer.json()["running"]["kind_id"], documents)
        answer = self.json2(self.ivanov, "crm.time.study/get_my_day")
        self.assertEqual(answer.json()["running"]["kind_id"], documents)
        for arguments in ({"kind_id": 10**8}, {"kind_id": "x"}, {"kind_id": None}):
            answer = self.json2(self.ivanov, "crm.time.study/start_kind", **arguments)
            self.assertIn(answer.status_code // 100, (4, 5), arguments)
        answer = self.json2(self.sidorov, "crm.time.study/start_kind", kind_id=documents)
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Nobody studies your time", answer.json()["message"])

    def test_tour_on_a_phone(self):
        study = self.ask_today()
        self.start_tour(
            "/odoo/my-working-day", "sales_funnel_control.working_day", login="test_ivanov"
        )
        self.assertEqual(
            {entry.kind_id: (bool(entry.start), bool(entry.stop)) for entry in study.entry_ids},
            {
                self.kind("documents"): (False, False),
                self.kind("telemarketing"): (True, True),
                self.kind("meetings"): (True, True),
            },
        )
        self.assertEqual(
            study.entry_ids.filtered(lambda e: e.kind_id == self.kind("meetings")).note,
            "Romashka, with the director",
        )


@tagged("post_install", "-at_install")
class TestTimetableTour(TimetableCase, HttpCase):
    def test_tour(self):
        self.start_tour("/odoo", "sales_funnel_control.timetable_apply", login="test_ivanov")
        monday = self.company._funnel_today()
        monday -= timedelta(days=monday.weekday())
        events = self.events()
        self.assertEqual(len(events), 4 * 30)
        self.assertEqual(events[0].timetable_date, monday)
