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
_MONDAY = date(2026, 3, 2)
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)


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
                "valid_from": _MONDAY,
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

    def contact(self, counts_as, day=_MONDAY, user=None, **values):
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

    def rows(self, user=None, week=_MONDAY, **terms):
        return self.Week.search(
            [
                ("user_id", "=", (user or self.ivanov).id),
                ("week_start", "=", week),
                *((name, "=", value) for name, value in terms.items()),
            ]
        )

    def owed(self, user=None, week=_MONDAY, kind="meeting"):
        return self.rows(user, week, kind=kind).norm

    def at(self, moment):
        return freeze_time(moment)


@tagged("post_install", "-at_install")
class TestNorms(NormCase):
    def test_defaults(self):
        self.assertEqual(self.defaults, {"hunter": 12, "farmer": 8})
        self.assertEqual(self.Norm.new({}).valid_from, _MONDAY + _WEEK)
        with self.at("2026-03-08 21:30:00"):  # Monday in Moscow already
            self.assertEqual(self.Norm.new({}).valid_from, _MONDAY + _WEEK)

    def test_constraints(self):
        with mute_logger("odoo.sql_db"):
            with self.assertRaises(CheckViolation), self.cr.savepoint():
                self._norm(kind="visit", weekly_norm=-1)
            with self.assertRaises(UniqueViolation), self.cr.savepoint():
                self._norm(weekly_norm=3)
        self._norm(weekly_norm=3, valid_from=_MONDAY + _WEEK)
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
        week = _MONDAY + _WEEK
        steps = [
            ({"weekly_norm": 11, "valid_from": _MONDAY - 10 * _WEEK}, 12),  # earlier than 12
            ({"weekly_norm": 13, "valid_from": week}, 13),  # later
            ({"weekly_norm": 30, "valid_from": week + _DAY}, 13),  # not for this week yet
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
            for week in (_MONDAY, _MONDAY + _WEEK):
                found = {row.kind: row.norm for row in self.rows(week=week)}
                self.assertEqual(found, expected)

    # -- the days of a week -------------------------------------------------------------------

    def test_holiday(self):
        self.assertEqual(self.owed(), 12)
        holiday = self.rest(_MONDAY + _DAY)
        self.assertEqual(self.owed(), 9.6)
        self.assertEqual((self.rows().days_present, self.rows().days_normal), (4, 5))
        self.assertEqual(self.owed(self.sidorov), 9.6)
        self.assertEqual(self.owed(week=_MONDAY + _WEEK), 12)
        holiday.date_from += _DAY
        holiday.date_to += 2 * _DAY
        self.assertEqual(self.owed(), 7.2)
        holiday.unlink()
        self.assertEqual(self.owed(), 12)

    def test_days_without_work_take_nothing(self):
        self.rest(_MONDAY + 5 * _DAY, _MONDAY + 6 * _DAY)
        self.assertEqual(self.owed(), 12)
        self.assertEqual(self.owed(week=_MONDAY + _WEEK), 12)

    def test_half_a_day(self):
        self.rest(_MONDAY, hours=(14, 24))
        self.assertEqual((self.owed(), self.rows().days_present), (10.8, 4.5))

    def test_time_off(self):
        self.rest(_MONDAY, _MONDAY + _DAY, self.ivanov)
        self.assertEqual(self.owed(), 7.2)
        self.assertEqual(self.owed(self.sidorov), 12)
        self.rest(_MONDAY + _DAY)  # a holiday within the time off counts once
        self.assertEqual(self.owed(), 7.2)
        self.assertEqual(self.owed(self.sidorov), 9.6)
        self.rest(_MONDAY, _MONDAY + 6 * _DAY, self.ivanov)
        self.assertEqual(self.owed(), 0)
        self.assertTrue(self.rows(), "the week is there, and nothing is owed")

    def test_what_is_no_absence(self):
        other = self._make_calendar(self.company)
        company = self.env["res.company"].create({"name": "Other"})
        self.rest(_MONDAY, calendar_id=other.id)
        self.rest(_MONDAY, calendar_id=company.resource_calendar_id.id)
        self.rest(_MONDAY, time_type="other")
        self.assertEqual(self.owed(), 12)
        self.rest(_MONDAY, calendar_id=False)
        self.assertEqual(self.owed(), 9.6)

    def test_part_timer(self):
        three_days = self._make_calendar(self.company, range(3))
        mornings = self._make_calendar(self.company, hours=((9, 13),))
        self.resource(self.ivanov, calendar_id=three_days.id)
        self.resource(self.sidorov, calendar_id=mornings.id)
        self.Week._refresh()
        self.assertEqual(self.owed(), 7.2)
        self.assertEqual(self.owed(self.sidorov), 6)
        self.rest(_MONDAY)
        self.assertEqual(self.owed(), 4.8)
        self.assertEqual(self.owed(self.sidorov), 4.8)

    def test_working_saturdays(self):
        late = self._make_calendar(self.company, range(1, 6))
        self.resource(self.ivanov, calendar_id=late.id)
        self.Week._refresh()
        self.assertEqual(self.owed(), 12)

    def test_new_calendar_counts_from_this_week(self):
        self.norm.valid_from = _MONDAY - _WEEK
        self.rest(_MONDAY)
        self.company.resource_calendar_id = self._make_calendar(self.company, range(4))
        self.assertEqual(self.rows().days_normal, 4)
        self.assertEqual(self.owed(), 12, "the holiday was one of the former calendar")
        self.assertEqual(self.rows(week=_MONDAY - _WEEK).days_normal, 5)

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
        for week in (_MONDAY, _MONDAY + _WEEK):
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
            self.assertEqual(self.owed(user, _MONDAY + _WEEK), 12)
        self.Week._refresh()
        self.assertEqual(self.owed(user), 9.6, "joined once")

    def test_left_in_the_middle(self):
        self.ivanov.crm_team_member_ids.action_archive()
        self.assertEqual(self.owed(), 7.2)
        self.assertFalse(self.rows(week=_MONDAY + _WEEK))
        self.rest(_MONDAY + 3 * _DAY)  # after they had left
        self.assertEqual(self.owed(), 7.2)
        with self.at("2026-03-05 09:00"):
            self.Week._refresh()
            self.assertEqual(self.owed(), 7.2, "left once")
        self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": self.ivanov.id})
        self.assertEqual(self.owed(), 9.6, "and came back: the holiday remains")

    def test_archived_user_owes_nothing(self):
        self.ivanov.action_archive()
        self.assertFalse(self.rows(week=_MONDAY + _WEEK))

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
            self.assertEqual(self.owed(week=_MONDAY + _WEEK), 20)
            self._norm(weekly_norm=15, grade="middle")
            self.ivanov.crm_team_member_ids.sales_role = "farmer"
            self.assertFalse(self.rows(week=_MONDAY + _WEEK))
            self._norm(sales_role="farmer", weekly_norm=8)
            self.Norm.search([]).unlink()
            self.ivanov.crm_team_member_ids.unlink()
            self.assertEqual(self.rows().read(), before)

    def test_change_from_its_date(self):
        self._norm(weekly_norm=14, valid_from=_MONDAY + _WEEK)
        self.assertEqual((self.owed(), self.owed(week=_MONDAY + _WEEK)), (12, 14))
        with self.at("2026-03-19 09:00"):
            self.Week._refresh()
            weeks = [self.owed(week=_MONDAY + number * _WEEK) for number in range(5)]
            self.assertEqual(weeks, [12, 14, 14, 14, 0])

    def test_late_sick_leave_corrects_its_week(self):
        with self.at("2026-03-12 09:00"):
            self.Week._refresh()
            self.norm.weekly_norm = 20
            self.rest(_MONDAY, _MONDAY + _DAY, self.ivanov)
            self.assertEqual(self.owed(), 7.2, "of the 12 that were owed then")
            self.assertEqual(self.owed(self.sidorov), 12)

    def test_weeks_the_server_was_down(self):
        with self.at("2026-04-01 09:00"):
            self.Week._refresh()
            self.assertEqual(
                self.Week.search([("user_id", "=", self.ivanov.id)]).mapped("week_start"),
                [_MONDAY + number * _WEEK for number in reversed(range(6))],
            )

    def test_dated_into_the_past(self):
        self.contact("held_meeting", _MONDAY - 3 * _WEEK)
        self._joined_long_ago(self.team, "2026-02-18 09:00")  # two weeks ago, a Wednesday
        self._norm(kind="visit", weekly_norm=5, valid_from=_MONDAY - 8 * _WEEK)
        expected = [(0, 0), (5, 0), (5, 3), (5, 5), (5, 5), (5, 5)]
        for number, (ivanov, sidorov) in enumerate(expected):
            week = _MONDAY + (number - 4) * _WEEK
            self.assertEqual(
                (self.owed(week=week, kind="visit"), self.owed(self.sidorov, week, "visit")),
                (ivanov, sidorov),
                week,
            )
        self.assertFalse(self.rows(week=_MONDAY - _WEEK, kind="meeting"), "not asked for")
        self._norm(kind="visit", weekly_norm=7, valid_from=_MONDAY - _WEEK)
        self.assertEqual(self.owed(week=_MONDAY - _WEEK, kind="visit"), 5, "there is one already")
        self.assertEqual(self.owed(kind="visit"), 7)

    def test_no_further_back_than_a_year(self):
        self._joined_long_ago(self.team, "2020-01-01")
        self._norm(kind="visit", weekly_norm=5, valid_from=date(2020, 1, 6))
        [first] = self.Week._read_group([("user_id", "=", self.ivanov.id)], [], ["week_start:min"])[
            0
        ]
        self.assertEqual(first, _MONDAY - 52 * _WEEK)

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
        self.rest(_MONDAY)
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
            [(self.company, user) for user in users], _MONDAY - 50 * _WEEK, _MONDAY
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
        self.contact("held_meeting", _MONDAY)
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


@tagged("post_install", "-at_install")
class TestContactReport(NormCase):
    def setUp(self):
        super().setUp()
        self.norm.valid_from = _MONDAY - 2 * _WEEK
        self.domain = [("user_id", "in", (self.ivanov | self.sidorov).ids)]

    def figures(self, *measures, **terms):
        domain = [*self.domain, *((name, "=", value) for name, value in terms.items())]
        [values] = self.Report._read_group(domain, [], list(measures))
        return values if len(values) > 1 else values[0]

    def test_log_against_norm(self):
        for counts_as, number in (
            ("held_meeting", 3),
            ("productive_meeting", 2),
            ("visit", 1),
            ("effective_call", 4),
            ("warm_contact", 1),
            (None, 2),
        ):
            for _each in range(number):
                self.contact(counts_as)
        self.contact("held_meeting", state="to_confirm")
        self.contact("held_meeting", _MONDAY - _DAY)  # Sunday is of the week before
        report = self.Report.search(
            [("user_id", "=", self.ivanov.id), ("week_start", "=", _MONDAY)]
        )
        rows = {row.kind: row for row in report}
        meeting = rows["meeting"]
        self.assertEqual((meeting.counted, meeting.norm, meeting.fulfilment), (6, 12, 50))
        self.assertEqual((meeting.team_id, meeting.sales_role), (self.team, "hunter"))
        self.assertEqual(meeting.held_meetings, 5)
        self.assertEqual((rows["visit"].visits, rows["visit"].has_norm), (1, False))
        self.assertEqual(rows["visit"].counted, 0, "there is no norm of visits")
        self.assertEqual(rows["all"].contacts, 13)
        self.assertEqual(rows["all"].counting_contacts, 11)
        measures = ("contacts", "effective_calls", "held_meetings", "productive_meetings")
        self.assertEqual(
            self.figures(
                *(f"{name}:sum" for name in (*measures, "warm_contacts", "visits")),
                week_start=_MONDAY,
                user_id=self.ivanov.id,
            ),
            (13, 4, 5, 2, 1, 1),
        )

    def test_weeks_without_contacts_are_there(self):
        weeks = self.Report._read_group(
            [("user_id", "=", self.ivanov.id), ("kind", "=", "meeting")],
            ["week_start:day"],
            ["counted:sum", "norm:sum", "fulfilment:avg"],
        )
        self.assertEqual(
            [(week, *figures) for week, *figures in weeks],
            [(_MONDAY + number * _WEEK, 0, 12, 0) for number in (-2, -1, 0)],
        )

    def test_sums_over_sums(self):
        self.rest(_MONDAY, _MONDAY + 3 * _DAY, self.sidorov)  # 2.4 of 12
        for _each in range(3):
            self.contact("held_meeting", user=self.sidorov)
        for _each in range(6):
            self.contact("held_meeting")
        self.assertEqual(self.owed(self.sidorov), 2.4)
        terms = {"week_start": _MONDAY, "kind": "meeting"}
        self.assertAlmostEqual(self.figures("fulfilment:avg", **terms), 100 * 9 / 14.4)
        groups = self.Report._read_group(
            [*self.domain, ("week_start", "=", _MONDAY)],
            ["user_id"],
            ["fulfilment:avg"],
            order="fulfilment:avg desc",
        )
        self.assertEqual(
            [(user, round(rate, 6)) for user, rate in groups],
            [(self.sidorov, 125), (self.ivanov, 50)],
        )
        [total] = self.Report.formatted_read_group(
            self.domain, [], ["fulfilment:avg", "counted:sum", "norm:sum"]
        )
        self.assertAlmostEqual(
            total["fulfilment:avg"], 100 * total["counted:sum"] / total["norm:sum"]
        )
        self.assertAlmostEqual(total["norm:sum"], 5 * 12 + 2.4)

    def test_contacts_of_kinds_without_norm_do_not_fulfil(self):
        for _each in range(50):
            self.contact("effective_call")
        self.assertEqual(self.figures("fulfilment:avg"), 0)
        self._norm(kind="effective_call", weekly_norm=40)
        self.assertAlmostEqual(self.figures("fulfilment:avg", week_start=_MONDAY), 100 * 50 / 104)

    def test_a_week_off(self):
        self.rest(_MONDAY, _MONDAY + 6 * _DAY, self.ivanov)
        [row] = self.Report.search(
            [
                ("user_id", "=", self.ivanov.id),
                ("week_start", "=", _MONDAY),
                ("kind", "=", "meeting"),
            ]
        )
        self.assertEqual((row.norm, row.days_present, row.has_norm), (0, 0, True))
        self.assertIsNone(self.figures("fulfilment:avg", id=row.id) or None)

    def test_next_week_is_not_shown(self):
        self.assertTrue(self.rows(week=_MONDAY + _WEEK))
        self.assertEqual(self.figures("week_start:max"), _MONDAY)
        with self.at("2026-03-08 21:30:00"):  # Monday in Moscow
            self.assertEqual(self.figures("week_start:max"), _MONDAY + _WEEK)

    def test_contacts_without_norm(self):
        """Who owes nothing is there with what they did, under the team of the time."""
        self.contact("held_meeting", user=self.head, team_id=self.team.id, sales_role="farmer")
        rows = self.Report.search([("user_id", "=", self.head.id)])
        self.assertEqual(set(rows.mapped("kind")), {"meeting", "all"})
        self.assertEqual((rows.team_id, rows[0].sales_role), (self.team, "farmer"))

    def test_contacts_per_deal_and_move(self):
        leads = [self.new_lead(self.list) for _each in range(3)]
        for lead in leads[:2]:
            for _each in range(2):
                self.contact("effective_call", lead_id=lead.id)
        self.contact(None, lead_id=leads[2].id)
        with self.at("2026-03-04 09:10"):
            leads[0].stage_id = self.presentation  # past one stage: one move
            self.env.cr.flush()
        with self.at("2026-03-04 09:20"):
            leads[1].stage_id = self.acquaintance
            self.env.cr.flush()
        with self.at("2026-03-04 09:30"):
            leads[0].action_set_won()
            self.env.cr.flush()
        names = ("contacts", "counting_contacts", "leads_contacted", "stage_moves", "deals_won")
        terms = {"user_id": self.ivanov.id, "kind": "all"}
        self.assertEqual(self.figures(*(f"{name}:sum" for name in names), **terms), (5, 4, 3, 3, 1))
        rates = ("contacts_per_deal:avg", "leads_per_deal:avg", "contacts_per_move:avg")
        self.assertEqual(self.figures(*rates, **terms), (4, 3, 4 / 3))
        self.assertEqual(
            self.figures("contacts_per_deal:avg", user_id=self.sidorov.id) or None, None
        )

    def test_deals_won_are_those_of_the_win_rates(self):
        for number in range(8):
            lead = self.new_lead(self.list, (self.ivanov, self.sidorov)[number % 2])
            lead.action_set_won()
            self.env.cr.flush()
            with self.at("2026-03-04 10:00"):
                if number in (0, 3):
                    lead.user_id = self.sidorov
                elif number == 5:
                    lead.write({"stage_id": self.list.id, "probability": 10})
                self.env.cr.flush()
        outcome = dict(
            self.env["crm.outcome.report"]._read_group(self.domain, ["user_id"], ["won:sum"])
        )
        report = dict(self.Report._read_group(self.domain, ["user_id"], ["deals_won:sum"]))
        self.assertEqual(report, outcome)
        self.assertEqual(sum(report.values()), 7)

    def test_moves_before_there_were_norms_or_contacts_do_not_count(self):
        lead = self.new_lead(self.list)
        self.env.cr.execute(
            "UPDATE crm_lead_stage_history SET entered_at = %s WHERE lead_id = %s",
            ("2025-06-01", lead.id),
        )
        with self.at("2025-06-04 09:00"):
            lead.stage_id = self.acquaintance
            self.env.cr.flush()
        self.assertEqual(self.figures("stage_moves:sum"), 0)

    def test_ids_are_lasting_and_distinct(self):
        for number in range(3):
            self.contact("visit", _MONDAY - number * _WEEK, user=self.sidorov)
        rows = self.Report.search(self.domain)
        self.assertEqual(len(set(rows.ids)), len(rows))
        keys = {
            (row.id, row.user_id, row.week_start, row.kind)
            for row in self.Report.search([("id", "in", rows.ids)])
        }
        self.assertEqual(keys, {(r.id, r.user_id, r.week_start, r.kind) for r in rows})

    def test_open_contacts(self):
        meeting = self.contact("visit")
        call = self.contact("effective_call")
        other = self.contact(None)
        self.contact("held_meeting", state="to_confirm")
        self.contact("visit", user=self.sidorov)
        for kind, expected in (("meeting", meeting), ("all", meeting | call | other)):
            rows = self.Report.search(
                [("user_id", "=", self.ivanov.id), ("kind", "=", kind)]
            ).with_user(self.head)
            action = rows.action_open_contacts()
            found = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(found, expected, kind)

    def test_read_only(self):
        self.contact("held_meeting")
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            report = self.env(cr=cr)["crm.contact.report"]
            report.formatted_read_group(self.domain, ["user_id", "kind"], ["fulfilment:avg"])


@tagged("post_install", "-at_install")
class TestProgress(NormCase):
    def progress(self, user=None, **context):
        return self.Norm.with_user(user or self.ivanov).with_context(**context).get_progress()

    def test_figures(self):
        self._norm(kind="effective_call", weekly_norm=40)
        for counts_as, day in (
            ("held_meeting", _MONDAY),
            ("productive_meeting", _MONDAY + _DAY),
            ("visit", _MONDAY + 2 * _DAY),
            ("effective_call", _MONDAY + 2 * _DAY),
            ("held_meeting", _MONDAY - _DAY),
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
        self.rest(_MONDAY, _MONDAY + _DAY, self.ivanov)
        progress = self.progress()
        self.assertEqual(progress["days_text"], "3 of 5 working days")
        self.assertEqual(progress["figures"], "0/7.2")
        self.assertEqual(progress["lines"][0]["passed_percent"], 12.5)
        self.assertEqual(progress["state"], "on_track")
        self.rest(_MONDAY, _MONDAY + 6 * _DAY, self.ivanov)
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
        self.rest(_MONDAY)
        self.assertEqual(self.progress(lang="ru_RU")["figures"], "0/9,6")

    def test_the_head_sees_the_same(self):
        self.contact("held_meeting", _MONDAY + 2 * _DAY)
        self.rest(_MONDAY, _MONDAY, self.sidorov)
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
        self.assertEqual(self.owed(week=_MONDAY + _WEEK), 12)
