from datetime import date, datetime, timedelta

from freezegun import freeze_time
from psycopg2.errors import CheckViolation, UniqueViolation

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FunnelCase

# Wednesday noon in Moscow: of 40 working hours of the week 19 have passed.
_NOW = "2026-03-04 09:00:00"
MONDAY = date(2026, 3, 2)
WEEK = timedelta(days=7)
DAY = timedelta(days=1)


class NormCase(FunnelCase):
    """A company that works 40 hours from Monday to Friday, and hunters who owe 12 meetings."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(freeze_time(_NOW))
        cls.Norm = cls.env["crm.contact.norm"]
        cls.Week = cls.env["crm.contact.norm.week"]
        cls.Report = cls.env["crm.contact.report"]
        cls.defaults = {
            role: cls.env.ref(f"sales_funnel_control.contact_norm_{role}_meeting").weekly_norm
            for role in ("hunter", "farmer")
        }
        cls.Norm.search([]).unlink()
        cls.Week.search([]).unlink()
        cls.company = cls.env.company
        cls.calendar = cls._make_calendar(cls.company)
        cls.company.resource_calendar_id = cls.calendar
        cls.company.funnel_tz = "Europe/Moscow"
        cls.head = new_test_user(
            cls.env, "test_norm_head", groups="sales_team.group_sale_manager", name="Smirnenko"
        )
        cls._joined_long_ago(cls.team)
        cls.norm = cls._norm(weekly_norm=12)

    @classmethod
    def _make_calendar(cls, company, days=(0, 1, 2, 3, 4), hours=((9, 13), (14, 18))):
        return cls.env["resource.calendar"].create(
            {
                "name": "Test",
                "company_id": company.id,
                "tz": "Europe/Moscow",
                "attendance_ids": [
                    Command.create(
                        {
                            "name": "Work",
                            "dayofweek": str(day),
                            "hour_from": start,
                            "hour_to": end,
                            "day_period": "morning" if start < 12 else "afternoon",
                        }
                    )
                    for day in days
                    for start, end in hours
                ],
            }
        )

    @classmethod
    def _norm(cls, **values):
        return cls.Norm.create(
            {
                "sales_role": "hunter",
                "kind": "meeting",
                "valid_from": MONDAY,
                "company_id": False,
                **values,
            }
        )

    @classmethod
    def _joined_long_ago(cls, team, moment="2025-01-01"):
        """``freeze_time`` does not move the moment rows are created at."""
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE crm_team_member SET create_date = %s WHERE crm_team_id = %s",
            (moment, team.id),
        )
        cls.env["crm.team.member"].invalidate_model()
        cls.Week._refresh()

    def contact(self, counts_as, day=MONDAY, user=None, **values):
        """A contact as the counting rules leave it. Local noon."""
        user = user or self.ivanov
        member = user.crm_team_member_ids[:1]
        counting = {
            "counts_as": counts_as,
            "day": day,
            "week_start": day - timedelta(days=day.weekday()),
            "team_id": member.crm_team_id.id or None,
            "sales_role": member.sales_role or None,
            "grade": member.grade or None,
            **{name: values.pop(name) for name in ("team_id", "sales_role") if name in values},
        }
        log = self.env["crm.contact.log"].create(
            {
                "kind": "meeting",
                "partner_id": self.env.ref("base.main_partner").id,
                "date": datetime.combine(day, datetime.min.time()) + timedelta(hours=6),
                "user_id": user.id,
                **values,
            }
        )
        self.env.flush_all()
        for name, value in counting.items():
            self.env.cr.execute(
                f"UPDATE crm_contact_log SET {name} = %s WHERE id = %s", (value, log.id)
            )
        self.env.invalidate_all()
        return log

    def rest(self, first, last=None, user=None, hours=(0, 24), **values):
        """A holiday of the company or, with ``user``, that person's time off; Moscow days."""
        if user:
            values["resource_id"] = self.resource(user).id
        else:
            values.setdefault("calendar_id", self.calendar.id)
        start = datetime.combine(first, datetime.min.time()) + timedelta(hours=hours[0] - 3)
        end = datetime.combine(last or first, datetime.min.time()) + timedelta(hours=hours[1] - 3)
        return self.env["resource.calendar.leaves"].create(
            {"name": "Off", "date_from": start, "date_to": end, **values}
        )

    def resource(self, user, **values):
        resource = self.env["resource.resource"].search([("user_id", "=", user.id)], limit=1)
        return resource or self.env["resource.resource"].create(
            {
                "name": user.name,
                "user_id": user.id,
                "company_id": self.company.id,
                "calendar_id": self.calendar.id,
                "tz": "Europe/Moscow",
                **values,
            }
        )

    def rows(self, user=None, week=MONDAY, **terms):
        return self.Week.search(
            [
                ("user_id", "=", (user or self.ivanov).id),
                ("week_start", "=", week),
                *((name, "=", value) for name, value in terms.items()),
            ]
        )

    def owed(self, user=None, week=MONDAY, kind="meeting"):
        return self.rows(user, week, kind=kind).norm

    def at(self, moment):
        return freeze_time(moment)


@tagged("post_install", "-at_install")
class TestNorms(NormCase):
    def test_defaults(self):
        self.assertEqual(self.defaults, {"hunter": 12, "farmer": 8})
        self.assertEqual(self.Norm.new({}).valid_from, MONDAY + WEEK)
        with self.at("2026-03-08 21:30:00"):  # Monday in Moscow already
            self.assertEqual(self.Norm.new({}).valid_from, MONDAY + WEEK)

    def test_constraints(self):
        with mute_logger("odoo.sql_db"):
            with self.assertRaises(CheckViolation), self.cr.savepoint():
                self._norm(kind="visit", weekly_norm=-1)
            with self.assertRaises(UniqueViolation), self.cr.savepoint():
                self._norm(weekly_norm=3)
        self._norm(weekly_norm=3, valid_from=MONDAY + WEEK)
        self._norm(weekly_norm=3, grade="junior")
        self._norm(weekly_norm=3, team_id=self.team.id)

    def test_form(self):
        form = Form(self.Norm.with_user(self.head))
        form.sales_role = "farmer"
        form.weekly_norm = 8
        norm = form.save()
        self.assertEqual(norm.display_name, "Farmer: Meetings, 8 a week")
        self.assertEqual(norm.company_id, self.company)

    def test_the_most_specific_and_latest_wins(self):
        member = self.ivanov.crm_team_member_ids
        member.grade = "senior"
        week = MONDAY + WEEK
        steps = [
            ({"weekly_norm": 11, "valid_from": MONDAY - 10 * WEEK}, 12),  # earlier than 12
            ({"weekly_norm": 13, "valid_from": week}, 13),  # later
            ({"weekly_norm": 30, "valid_from": week + DAY}, 13),  # not for this week yet
            ({"weekly_norm": 14, "company_id": self.company.id}, 14),  # though dated earlier
            ({"weekly_norm": 15, "team_id": self.team.id}, 15),
            ({"weekly_norm": 16, "grade": "senior"}, 16),
            ({"weekly_norm": 17, "grade": "junior", "team_id": self.team.id}, 16),
            ({"weekly_norm": 18, "grade": "senior", "team_id": self.team.id}, 18),
            ({"weekly_norm": 40, "sales_role": "farmer", "team_id": self.team.id}, 18),
            ({"weekly_norm": 50, "team_id": self._make_team("Other").id, "grade": "senior"}, 18),
        ]
        for values, expected in steps:
            self._norm(**values)
            self.assertEqual(self.owed(week=week), expected, values)
        self.assertEqual(self.owed(self.sidorov, week), 15)
        self._norm(grade="senior", team_id=self.team.id, weekly_norm=0, valid_from=week)
        self.assertFalse(self.rows(week=week), "0 means that nothing is owed")

    def test_roles(self):
        self._norm(sales_role="farmer", weekly_norm=8)
        self._norm(sales_role="farmer", kind="warm_contact", weekly_norm=20)
        self._norm(sales_role="trainee", kind="effective_call", weekly_norm=50)
        member = self.ivanov.crm_team_member_ids
        for role, expected in (
            ("farmer", {"meeting": 8, "warm_contact": 20}),
            ("trainee", {"effective_call": 50}),
            ("hunter", {"meeting": 12}),
        ):
            member.sales_role = role
            for week in (MONDAY, MONDAY + WEEK):
                found = {row.kind: row.norm for row in self.rows(week=week)}
                self.assertEqual(found, expected)

    # -- the days of a week -------------------------------------------------------------------

    def test_holiday(self):
        self.assertEqual(self.owed(), 12)
        holiday = self.rest(MONDAY + DAY)
        self.assertEqual(self.owed(), 9.6)
        self.assertEqual((self.rows().days_present, self.rows().days_normal), (4, 5))
        self.assertEqual(self.owed(self.sidorov), 9.6)
        self.assertEqual(self.owed(week=MONDAY + WEEK), 12)
        holiday.date_from += DAY
        holiday.date_to += 2 * DAY
        self.assertEqual(self.owed(), 7.2)
        holiday.unlink()
        self.assertEqual(self.owed(), 12)

    def test_days_without_work_take_nothing(self):
        self.rest(MONDAY + 5 * DAY, MONDAY + 6 * DAY)
        self.assertEqual(self.owed(), 12)
        self.assertEqual(self.owed(week=MONDAY + WEEK), 12)

    def test_half_a_day(self):
        self.rest(MONDAY, hours=(14, 24))
        self.assertEqual((self.owed(), self.rows().days_present), (10.8, 4.5))

    def test_time_off(self):
        self.rest(MONDAY, MONDAY + DAY, self.ivanov)
        self.assertEqual(self.owed(), 7.2)
        self.assertEqual(self.owed(self.sidorov), 12)
        self.rest(MONDAY + DAY)  # a holiday within the time off counts once
        self.assertEqual(self.owed(), 7.2)
        self.assertEqual(self.owed(self.sidorov), 9.6)
        self.rest(MONDAY, MONDAY + 6 * DAY, self.ivanov)
        self.assertEqual(self.owed(), 0)
        self.assertTrue(self.rows(), "the week is there, and nothing is owed")

    def test_what_is_no_absence(self):
        other = self._make_calendar(self.company)
        company = self.env["res.company"].create({"name": "Other"})
        self.rest(MONDAY, calendar_id=other.id)
        self.rest(MONDAY, calendar_id=company.resource_calendar_id.id)
        self.rest(MONDAY, time_type="other")
        self.assertEqual(self.owed(), 12)
        self.rest(MONDAY, calendar_id=False)
        self.assertEqual(self.owed(), 9.6)

    def test_part_timer(self):
        three_days = self._make_calendar(self.company, range(3))
        mornings = self._make_calendar(self.company, hours=((9, 13),))
        self.resource(self.ivanov, calendar_id=three_days.id)
        self.resource(self.sidorov, calendar_id=mornings.id)
        self.Week._refresh()
        self.assertEqual(self.owed(), 7.2)
        self.assertEqual(self.owed(self.sidorov), 6)
        self.rest(MONDAY)
        self.assertEqual(self.owed(), 4.8)
        self.assertEqual(self.owed(self.sidorov), 4.8)

    def test_working_saturdays(self):
        late = self._make_calendar(self.company, range(1, 6))
        self.resource(self.ivanov, calendar_id=late.id)
        self.Week._refresh()
        self.assertEqual(self.owed(), 12)

    def test_new_calendar_counts_from_this_week(self):
        self.norm.valid_from = MONDAY - WEEK
        self.rest(MONDAY)
        self.company.resource_calendar_id = self._make_calendar(self.company, range(4))
        self.assertEqual(self.rows().days_normal, 4)
        self.assertEqual(self.owed(), 12, "the holiday was one of the former calendar")
        self.assertEqual(self.rows(week=MONDAY - WEEK).days_normal, 5)

    def test_two_weeks_calendar(self):
        self.calendar.write(
            {
                "two_weeks_calendar": True,
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create(
                            {
                                "name": "Work",
                                "dayofweek": str(day),
                                "hour_from": 9,
                                "hour_to": 17,
                                "day_period": "morning",
                                "week_type": week_type,
                            }
                        )
                        for week_type, days in (("0", 5), ("1", 4))
                        for day in range(days)
                    ),
                ],
            }
        )
        Attendance = self.env["resource.calendar.attendance"]
        for week in (MONDAY, MONDAY + WEEK):
            days = 4 if Attendance.get_week_type(week) else 5
            self.assertEqual((self.rows(week=week).days_normal, self.owed(week=week)), (days, 12))

    def test_joined_in_the_middle(self):
        user = new_test_user(self.env, "test_new", groups="sales_team.group_sale_salesman")
        member = self.env["crm.team.member"].create(
            {"crm_team_id": self.team.id, "user_id": user.id}
        )
        for moment, expected in (("2026-03-03 22:00", 7.2), ("2026-03-03 20:00", 9.6)):
            self.Week.search([("user_id", "=", user.id)]).unlink()
            self.env.cr.execute(
                "UPDATE crm_team_member SET create_date = %s WHERE id = %s", (moment, member.id)
            )
            member.invalidate_recordset()
            self.Week._refresh()
            self.assertEqual(self.owed(user), expected)
            self.assertEqual(self.owed(user, MONDAY + WEEK), 12)
        self.Week._refresh()
        self.assertEqual(self.owed(user), 9.6, "joined once")

    def test_left_in_the_middle(self):
        self.ivanov.crm_team_member_ids.action_archive()
        self.assertEqual(self.owed(), 7.2)
        self.assertFalse(self.rows(week=MONDAY + WEEK))
        self.rest(MONDAY + 3 * DAY)  # after they had left
        self.assertEqual(self.owed(), 7.2)
        with self.at("2026-03-05 09:00"):
            self.Week._refresh()
            self.assertEqual(self.owed(), 7.2, "left once")
        self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": self.ivanov.id})
        self.assertEqual(self.owed(), 9.6, "and came back: the holiday remains")

    def test_archived_membership_seen_by_who_looks_at_archived_records(self):
        self.ivanov.crm_team_member_ids.action_archive()
        self.Week.with_context(active_test=False)._refresh()
        self.assertEqual(self.owed(), 7.2)
        self.assertFalse(self.rows(week=MONDAY + WEEK))

    def test_archived_user_owes_nothing(self):
        self.ivanov.action_archive()
        self.assertFalse(self.rows(week=MONDAY + WEEK))

    def test_another_team_on_the_same_day(self):
        team = self._make_team("Second")
        self.ivanov.crm_team_member_ids.unlink()
        self.env["crm.team.member"].create({"crm_team_id": team.id, "user_id": self.ivanov.id})
        self.assertEqual((self.owed(), self.rows().team_id), (12, team))

    # -- past weeks ---------------------------------------------------------------------------

    def test_past_weeks_stand_still(self):
        with self.at("2026-03-12 09:00"):
            self.Week._refresh()
            before = self.rows().read()
            self.norm.weekly_norm = 20
            self.assertEqual(self.owed(week=MONDAY + WEEK), 20)
            self._norm(weekly_norm=15, grade="middle")
            self.ivanov.crm_team_member_ids.sales_role = "farmer"
            self.assertFalse(self.rows(week=MONDAY + WEEK))
            self._norm(sales_role="farmer", weekly_norm=8)
            self.Norm.search([]).unlink()
            self.ivanov.crm_team_member_ids.unlink()
            self.assertEqual(self.rows().read(), before)

    def test_change_from_its_date(self):
        self._norm(weekly_norm=14, valid_from=MONDAY + WEEK)
        self.assertEqual((self.owed(), self.owed(week=MONDAY + WEEK)), (12, 14))
        with self.at("2026-03-19 09:00"):
            self.Week._refresh()
            weeks = [self.owed(week=MONDAY + number * WEEK) for number in range(5)]
            self.assertEqual(weeks, [12, 14, 14, 14, 0])

    def test_late_sick_leave_corrects_its_week(self):
        with self.at("2026-03-12 09:00"):
            self.Week._refresh()
            self.norm.weekly_norm = 20
            self.rest(MONDAY, MONDAY + DAY, self.ivanov)
            self.assertEqual(self.owed(), 7.2, "of the 12 that were owed then")
            self.assertEqual(self.owed(self.sidorov), 12)

    def test_late_holiday_leaves_the_working_hours_of_its_week(self):
        """Who works four days a week by now was there on five, but for the holiday."""
        with self.at("2026-03-12 09:00"):
            self.Week._refresh()
        with self.at("2026-04-02 09:00"):
            self.calendar.attendance_ids.filtered(lambda line: line.dayofweek == "4").unlink()
            self.Week._refresh()
            [week] = self.rows()
            self.assertEqual((week.days_present, week.days_normal), (5, 5))
            holiday = self.rest(MONDAY + DAY)
            self.assertEqual((week.days_present, week.norm), (4, 9.6))
            holiday.date_to += DAY
            self.assertEqual((week.days_present, week.norm), (3, 7.2))
            holiday.unlink()
            self.assertEqual((week.days_present, week.norm), (5, 12))

    def test_weeks_the_server_was_down(self):
        with self.at("2026-04-01 09:00"):
            self.Week._refresh()
            self.assertEqual(
                self.Week.search([("user_id", "=", self.ivanov.id)]).mapped("week_start"),
                [MONDAY + number * WEEK for number in reversed(range(6))],
            )

    def test_dated_into_the_past(self):
        self.contact("held_meeting", MONDAY - 3 * WEEK)
        self._joined_long_ago(self.team, "2026-02-18 09:00")  # two weeks ago, a Wednesday
        self._norm(kind="visit", weekly_norm=5, valid_from=MONDAY - 8 * WEEK)
        expected = [(0, 0), (5, 0), (5, 3), (5, 5), (5, 5), (5, 5)]
        for number, (ivanov, sidorov) in enumerate(expected):
            week = MONDAY + (number - 4) * WEEK
            self.assertEqual(
                (self.owed(week=week, kind="visit"), self.owed(self.sidorov, week, "visit")),
                (ivanov, sidorov),
                week,
            )
        self.assertFalse(self.rows(week=MONDAY - WEEK, kind="meeting"), "not asked for")
        self._norm(kind="visit", weekly_norm=7, valid_from=MONDAY - WEEK)
        self.assertEqual(self.owed(week=MONDAY - WEEK, kind="visit"), 5, "there is one already")
        self.assertEqual(self.owed(kind="visit"), 7)

    def test_no_further_back_than_a_year(self):
        self._joined_long_ago(self.team, "2020-01-01")
        self._norm(kind="visit", weekly_norm=5, valid_from=date(2020, 1, 6))
        [first] = self.Week._read_group([("user_id", "=", self.ivanov.id)], [], ["week_start:min"])[
            0
        ]
        self.assertEqual(first, MONDAY - 52 * WEEK)

    # -- teams and companies ------------------------------------------------------------------

    def second_membership(self, team, **values):
        self.env["ir.config_parameter"].set_param("sales_team.membership_multi", "True")
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.ivanov.id, **values}
        )
        self._joined_long_ago(team, "2025-06-01")

    def test_two_teams_are_not_twice_the_norm(self):
        second = self._make_team("Second", user_id=self.head.id)
        self.second_membership(second)
        self.assertEqual((self.owed(), self.rows().team_id), (12, self.team))
        self._norm(weekly_norm=10, team_id=second.id)
        self.assertEqual((self.owed(), self.rows().team_id), (10, second))

    def test_hunter_here_and_farmer_there(self):
        self.second_membership(self._make_team("Second"), sales_role="farmer")
        self._norm(sales_role="farmer", weekly_norm=8)
        self._norm(sales_role="farmer", kind="visit", weekly_norm=3)
        self.assertEqual(
            {row.kind: (row.norm, row.sales_role) for row in self.rows()},
            {"meeting": (12, "hunter"), "visit": (3, "farmer")},
        )

    def test_two_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        other.resource_calendar_id = self._make_calendar(other, range(4))
        self.ivanov.company_ids |= other
        self.second_membership(self._make_team("There", company_id=other.id))
        self._norm(weekly_norm=6, company_id=other.id)
        self.rest(MONDAY)
        self.assertEqual(
            {row.company_id: (row.norm, row.days_normal) for row in self.rows()},
            {self.company: (9.6, 5), other: (6, 4)},
        )

    # -- cost ---------------------------------------------------------------------------------

    def test_queries_do_not_grow_with_managers(self):
        def cost():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.Week._refresh()
            return self.cr.sql_log_count - before

        few = cost()
        users = self.env["res.users"]
        for number in range(12):
            users |= new_test_user(
                self.env, f"test_many_{number}", groups="sales_team.group_sale_salesman"
            )
        self.env["crm.team.member"].create(
            [{"crm_team_id": self.team.id, "user_id": user.id} for user in users]
        )
        self._joined_long_ago(self.team)
        for user in users:
            self.resource(user)
        self.assertLessEqual(cost(), few + 2)
        self.assertLessEqual(few, 30)
        self.env.invalidate_all()
        with self.assertQueryCount(12):
            leaves = self._presence_of(users)
        self.assertEqual(len(leaves), 12)

    def _presence_of(self, users):
        return self.Week._presence(
            [(self.company, user) for user in users], MONDAY - 50 * WEEK, MONDAY
        )

    def test_rows_that_are_right_are_left_alone(self):
        self.Week._refresh()
        self.env.flush_all()
        self.env.cr.execute("SELECT array_agg(xmin::text ORDER BY id) FROM crm_contact_norm_week")
        before = self.env.cr.fetchone()
        self.env.cr.execute("SAVEPOINT norms")
        self.Week._refresh()
        self.env.flush_all()
        self.env.cr.execute("SELECT array_agg(xmin::text ORDER BY id) FROM crm_contact_norm_week")
        self.assertEqual(self.env.cr.fetchone(), before)

    # -- rights -------------------------------------------------------------------------------

    def test_rights(self):
        norm = self.norm.with_user(self.ivanov)
        self.assertEqual(norm.weekly_norm, 12)
        for attempt in (
            lambda: norm.write({"weekly_norm": 1}),
            norm.unlink,
            lambda: norm.copy({"valid_from": "2026-04-06"}),
            lambda: self.rows().with_user(self.ivanov).write({"norm": 1}),
            lambda: self.rows().with_user(self.head).unlink(),
            lambda: self.Week.with_user(self.head).create({}),
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.norm.with_user(self.head).weekly_norm = 13
        self.assertEqual(self.owed(), 13)
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self._norm(company_id=other.id, weekly_norm=5)
        self.assertNotIn(foreign, self.Norm.with_user(self.ivanov).search([]))

    def test_who_sees_whose(self):
        leader = new_test_user(
            self.env, "test_leader", groups="sales_team.group_sale_salesman", name="Leader"
        )
        stranger = new_test_user(self.env, "test_stranger", groups="base.group_portal")
        self.team.user_id = leader
        self.contact("held_meeting", MONDAY)
        both = self.ivanov | self.sidorov
        for name in ("crm.contact.norm.week", "crm.contact.norm.progress", "crm.contact.report"):
            model = self.env[name]
            ours = [("user_id", "in", both.ids)]
            for user, expected in (
                (self.ivanov, self.ivanov),
                (self.sidorov, self.sidorov),
                (leader, both),
                (self.head, both),
            ):
                self.assertEqual(model.with_user(user).search(ours).user_id, expected, name)
            with self.assertRaises(AccessError):
                model.with_user(stranger).search(ours)
        other = self.env["res.company"].create({"name": "Other"})
        abroad = new_test_user(
            self.env,
            "test_abroad",
            groups="sales_team.group_sale_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        for name in ("crm.contact.norm.week", "crm.contact.norm.progress", "crm.contact.report"):
            self.assertFalse(self.env[name].with_user(abroad).search([("user_id", "in", both.ids)]))
