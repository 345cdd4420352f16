from datetime import date, datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from .common import FunnelCase

_EVENTS = "odoo.addons.sales_funnel_control.models.crm_timetable_events"
_MONDAY = date(2026, 5, 18)
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday"]


class TimetableCase(FunnelCase):
    """A company in Berlin that works from Monday to Friday, on a Monday in May at six."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.funnel_tz = "Europe/Berlin"
        cls.company.resource_calendar_id = cls.env["resource.calendar"].create(
            {"name": "Test hours", "company_id": cls.company.id, "tz": "Europe/Berlin"}
        )
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Smirnenko"
        )
        cls.leader = new_test_user(
            cls.env, "test_leader", groups="sales_team.group_sale_salesman", name="Leadenko"
        )
        cls.petrova = new_test_user(
            cls.env, "test_petrova", groups="sales_team.group_sale_salesman", name="Petrenko"
        )
        cls.team.user_id = cls.leader
        cls.farmers = cls._make_team("Test Farmers", funnel_kind="proactive")
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.farmers.id, "user_id": cls.petrova.id}
        )
        cls.hunter = cls.env.ref("sales_funnel_control.timetable_hunter")
        cls.farmer = cls.env.ref("sales_funnel_control.timetable_farmer")
        cls.env["crm.timetable"].search([]).filtered(
            lambda t: t not in (cls.hunter | cls.farmer)
        ).active = False

    def kind(self, name):
        return self.env.ref(f"sales_funnel_control.time_kind_{name}")

    def make_timetable(self, *blocks, **values):
        """A timetable of ``(weekday, from, to, kind)``."""
        return self.env["crm.timetable"].create(
            {
                "name": "Test Week",
                "block_ids": [
                    Command.create(
                        {
                            "weekday": str(weekday),
                            "hour_from": hour_from,
                            "hour_to": hour_to,
                            "kind_id": self.kind(kind).id,
                        }
                    )
                    for weekday, hour_from, hour_to, kind in blocks
                ],
                **values,
            }
        )

    def wizard(self, users=None, user=None, timetable=None, date_from=_MONDAY, date_to=None):
        return (
            self.env["crm.timetable.apply"]
            .with_user(user or self.env.user)
            .create(
                {
                    "timetable_id": timetable.id if timetable else False,
                    "user_ids": (users or self.ivanov).ids,
                    "date_from": date_from,
                    "date_to": date_to or date_from,
                }
            )
        )

    def apply(self, *arguments, **values):
        self.wizard(*arguments, **values).action_apply()
        self.env.cr.flush()

    def events(self, users=None):
        return (
            self.env["calendar.event"]
            .with_context(active_test=False)
            .search(
                [
                    ("user_id", "in", (users or self.ivanov).ids),
                    ("timetable_date", "!=", False),
                ],
                order="start, user_id",
            )
        )

    def moments(self, users=None):
        return [(event.name, event.start, event.stop) for event in self.events(users)]


@tagged("post_install", "-at_install")
class TestTimetable(TimetableCase):
    """Blocks of a week."""

    def week(self, timetable):
        days = self.env["crm.timetable"].get_week(timetable.id)["days"]
        return {
            day["name"]: [f"{block['span']} {block['name']}" for block in day["blocks"]]
            for day in days
        }

    def test_reference_weeks(self):
        meetings = ["14:00–15:30 Meetings", "15:30–17:00 Meetings", "17:00–18:00 Documents"]
        friday = ["14:00–15:30 Training", "15:30–17:00 Lists for Next Week"]
        friday.append("17:00–18:00 Weekly Planning")
        morning = ["9:00–9:20 Stand-Up", "9:20–11:00 Telemarketing"]
        usual = [*morning, "11:00–13:00 Meetings", *meetings]
        self.assertEqual(
            self.week(self.hunter),
            {
                "Monday": [*morning, "11:00–13:00 Reports", *meetings],
                "Tuesday": usual,
                "Wednesday": usual,
                "Thursday": usual,
                "Friday": [*morning, "11:00–13:00 Meetings", *friday],
            },
        )
        morning = ["9:00–9:20 Stand-Up", "9:20–11:00 Study of Clients' Situation"]
        morning.append("11:00–13:00 Telemarketing")
        self.assertEqual(
            self.week(self.farmer),
            {
                **dict.fromkeys(_DAYS[:4], [*morning, *meetings]),
                "Friday": [*morning, *friday],
            },
        )

    def test_room_for_the_norms_of_meetings(self):
        meetings = self.kind("meetings")
        for timetable, norm in ((self.hunter, 12), (self.farmer, 8)):
            blocks = timetable.block_ids.filtered(lambda block: block.kind_id == meetings)
            self.assertEqual(len(blocks), norm)

    def test_overlap_names_both(self):
        with self.assertRaisesRegex(
            ValidationError,
            r"Monday in “Test Week”: “Telemarketing” \(9:20–11:00\) and “Meetings” \(10:59–12:00\)",
        ):
            self.make_timetable(
                (0, 9 + 20 / 60, 11, "telemarketing"), (0, 10 + 59 / 60, 12, "meetings")
            )

    def test_blocks_that_touch_do_not_overlap(self):
        timetable = self.make_timetable(
            (0, 9, 9 + 20 / 60, "standup"),
            (0, 9.3333, 11, "telemarketing"),
            (1, 9, 11, "telemarketing"),
        )
        self.assertEqual(len(timetable.block_ids), 3)
        with self.assertRaises(ValidationError):
            timetable.block_ids[0].hour_to = 9.4

    def test_hours_in_order(self):
        for hour_from, hour_to in ((10, 10), (10, 9), (-1, 3), (23, 24.5)):
            with (
                self.assertRaises(CheckViolation, msg=(hour_from, hour_to)),
                mute_logger("odoo.sql_db"),
                self.cr.savepoint(),
            ):
                self.make_timetable((0, hour_from, hour_to, "other"))
        self.assertTrue(self.make_timetable((0, 23, 24, "other")))

    def test_copy_brings_the_blocks(self):
        copied = self.hunter.with_user(self.head).copy()
        self.assertEqual(copied.name, "Hunter's Week (copy)")
        self.assertEqual(len(copied.block_ids), len(self.hunter.block_ids))
        self.assertEqual(self.week(copied), self.week(self.hunter))

    def test_form(self):
        form = Form(self.env["crm.timetable"].with_user(self.head))
        form.name = "Trainees"
        form.sales_role = "trainee"
        with form.block_ids.new() as block:
            block.weekday = "2"
            block.hour_from, block.hour_to = 9, 13
            block.kind_id = self.kind("telemarketing")
        timetable = form.save()
        self.assertEqual(timetable.hours, 4)
        self.assertEqual(timetable.block_ids.display_name, "Telemarketing")

    def test_week_payload(self):
        week = self.env["crm.timetable"].with_user(self.petrova).get_week()
        self.assertEqual(week["timetable"]["name"], "Farmer's Week")
        self.assertEqual(week["timetable"]["total"], "40 h")
        self.assertFalse(week["may_edit"])
        self.assertEqual(week["length"], 9)
        block = week["days"][0]["blocks"][0]
        self.assertAlmostEqual(block["height"], 100 / 27)
        self.assertEqual(
            {kind["name"]: kind["total"] for kind in week["kinds"]}["Study of Clients' Situation"],
            "8 h 20 min",
        )
        self.assertTrue(self.env["crm.timetable"].with_user(self.head).get_week()["may_edit"])

    def test_no_timetable(self):
        (self.hunter | self.farmer).active = False
        week = self.env["crm.timetable"].with_user(self.ivanov).get_week()
        self.assertIs(week["timetable"], False)
        self.assertFalse(week["timetables"])

    def test_week_without_blocks(self):
        week = self.env["crm.timetable"].get_week(self.make_timetable().id)
        self.assertEqual((week["hours"], week["kinds"]), ([], []))
        with self.assertRaises(UserError):
            self.env["crm.timetable"].get_week(10**8)

    def test_week_is_read_only(self):
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            self.env(cr=cr)["crm.timetable"].get_week()

    @freeze_time("2026-05-18 04:00:00")
    def test_deleting(self):
        timetable = self.make_timetable((0, 9, 10, "other"))
        self.apply(timetable=timetable)
        with self.assertRaisesRegex(UserError, "is used in calendars"):
            timetable.unlink()
        self.wizard().action_remove()
        timetable.unlink()

    def test_salesperson_writes_no_timetable(self):
        with self.assertRaises(AccessError):
            self.hunter.with_user(self.ivanov).name = "Mine"
        with self.assertRaises(AccessError):
            self.hunter.block_ids[0].with_user(self.ivanov).hour_to = 10

    def test_portal_sees_nothing(self):
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        for model in (
            "crm.timetable",
            "crm.time.block",
            "crm.time.kind",
            "crm.time.study",
            "crm.time.study.entry",
            "crm.timetable.apply",
        ):
            with self.assertRaises(AccessError, msg=model):
                self.env[model].with_user(portal).search([])


@tagged("post_install", "-at_install")
class TestTimetableInCalendar(TimetableCase):
    """Timetables put into calendars."""

    @freeze_time("2026-05-18 04:00:00")
    def test_week(self):
        mails = self.env["mail.mail"].search_count([])
        messages = self.env["mail.message"].search_count([("model", "=", "calendar.event")])
        self.apply(self.ivanov, self.leader)
        events = self.events()
        self.assertEqual(len(events), 30)
        first = events[0]
        self.assertEqual(
            (first.name, first.start, first.stop, first.show_as),
            ("Stand-Up", datetime(2026, 5, 18, 7), datetime(2026, 5, 18, 7, 20), "busy"),
        )
        self.assertEqual(first.timetable_date, _MONDAY)
        self.assertEqual(first.partner_ids, self.ivanov.partner_id)
        self.assertEqual(first.attendee_ids.mapped("state"), ["accepted"])
        self.assertFalse(first.alarm_ids | events.alarm_ids)
        self.assertFalse(events.activity_ids)
        self.assertFalse(events.opportunity_id)
        self.assertEqual(
            set(events.filtered(lambda e: e.name == "Meetings").mapped("show_as")), {"free"}
        )
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(
            self.env["mail.message"].search_count([("model", "=", "calendar.event")]), messages
        )
        self.assertFalse(events.message_follower_ids)

    @freeze_time("2026-05-18 04:00:00")
    def test_each_gets_the_timetable_of_the_role(self):
        self.apply(self.ivanov | self.petrova)
        self.assertEqual(
            [self.events(user)[1].name for user in (self.ivanov, self.petrova)],
            ["Telemarketing", "Study of Clients' Situation"],
        )
        with self.assertRaisesRegex(UserError, "no timetable with blocks for Smirnenko"):
            self.wizard(self.head).action_apply()
        self.make_timetable((0, 9, 10, "planning"), name="Everybody")
        self.apply(self.head)
        self.assertEqual(self.events(self.head).mapped("name"), ["Weekly Planning"])

    @freeze_time("2026-03-20 04:00:00")
    def test_clock_change(self):
        """Nine o'clock stays nine o'clock when the clocks go forward on the 29th of March."""
        timetable = self.make_timetable((0, 9, 10, "standup"), (4, 9, 10, "standup"))
        self.apply(timetable=timetable, date_from=date(2026, 3, 23), date_to=date(2026, 3, 30))
        self.assertEqual(
            [start for _name, start, _stop in self.moments()],
            [
                datetime(2026, 3, 23, 8),
                datetime(2026, 3, 27, 8),
                datetime(2026, 3, 30, 7),
                datetime(2026, 4, 3, 7),
            ],
        )

    @freeze_time("2026-10-23 04:00:00")
    def test_block_over_the_hour_that_comes_twice(self):
        self.company.resource_calendar_id = False
        self.company.funnel_tz = "Europe/Berlin"
        timetable = self.make_timetable((6, 1, 4, "other"), (6, 23, 24, "planning"))
        self.apply(timetable=timetable, date_from=date(2026, 10, 19))
        self.assertEqual(
            [(start, stop) for _name, start, stop in self.moments()],
            [
                (datetime(2026, 10, 24, 23), datetime(2026, 10, 25, 3)),
                (datetime(2026, 10, 25, 22), datetime(2026, 10, 25, 23)),
            ],
        )

    @freeze_time("2026-12-20 04:00:00")
    def test_year_end(self):
        """The week from the 28th of December is one week, with New Year's Day free."""
        self.env["resource.calendar.leaves"].create(
            {
                "name": "New Year",
                "company_id": self.company.id,
                "date_from": datetime(2026, 12, 31, 23),
                "date_to": datetime(2027, 1, 1, 22, 59),
            }
        )
        timetable = self.make_timetable(*((day, 17, 18, "documents") for day in range(5)))
        self.apply(timetable=timetable, date_from=date(2026, 12, 31), date_to=date(2027, 1, 4))
        days = self.events().mapped("timetable_date")
        self.assertEqual(
            days,
            [date(2026, 12, day) for day in range(28, 32)]
            + [date(2027, 1, day) for day in range(4, 9)],
        )

    @freeze_time("2026-05-18 04:00:00")
    def test_time_off(self):
        """A day off is free, also after the working hours; of half a day only what it covers."""
        resource = self.env["resource.resource"].create(
            {
                "name": "Ivanenko",
                "user_id": self.ivanov.id,
                "company_id": self.company.id,
                "calendar_id": self.company.resource_calendar_id.id,
                "tz": "Europe/Berlin",
            }
        )
        leaves = self.env["resource.calendar.leaves"]
        calendar = self.company.resource_calendar_id
        common = {"calendar_id": calendar.id, "company_id": self.company.id}
        off = {**common, "resource_id": resource.id}
        leaves.create(
            [
                # Tuesday, the working hours from eight to five.
                {
                    **off,
                    "date_from": datetime(2026, 5, 19, 6),
                    "date_to": datetime(2026, 5, 19, 15),
                },
                # Wednesday from 13:00.
                {
                    **off,
                    "date_from": datetime(2026, 5, 20, 11),
                    "date_to": datetime(2026, 5, 20, 15),
                },
            ]
        )
        timetable = self.make_timetable(
            *((day, 9, 11, "telemarketing") for day in range(7)),
            *((day, 14, 15, "meetings") for day in range(7)),
            *((day, 17, 18, "documents") for day in range(7)),
        )
        self.apply(self.ivanov | self.sidorov, timetable=timetable)
        by_day = {
            day: len(self.events().filtered(lambda e, day=day: e.timetable_date == day))
            for day in (_MONDAY + timedelta(days=number) for number in range(7))
        }
        self.assertEqual(list(by_day.values()), [3, 0, 2, 3, 3, 0, 0])
        self.assertEqual(len(self.events(self.sidorov)), 15)

    @freeze_time("2026-05-18 04:00:00")
    def test_holiday_of_another_company(self):
        other = self.env["res.company"].create({"name": "Other"})
        leave = (
            self.env["resource.calendar.leaves"]
            .with_company(other)
            .create(
                {
                    "name": "Their holiday",
                    "date_from": datetime(2026, 5, 18, 22),
                    "date_to": datetime(2026, 5, 19, 21),
                }
            )
        )
        self.assertEqual(leave.company_id, other)
        self.apply(timetable=self.make_timetable((1, 9, 10, "standup")))
        self.assertEqual(len(self.events()), 1)

    @freeze_time("2026-05-18 04:00:00")
    def test_applying_twice(self):
        self.apply()
        before = self.events()
        wizard = self.wizard()
        self.assertIn("nothing to do", wizard.preview)
        wizard.action_apply()
        self.assertEqual(self.events(), before)
        # A longer range adds its new weeks only.
        self.apply(date_to=_MONDAY + timedelta(weeks=1))
        self.assertEqual(len(self.events()), 60)
        self.assertLessEqual(before, self.events())

    @freeze_time("2026-05-18 04:00:00")
    def test_changed_block_is_moved(self):
        timetable = self.make_timetable((0, 9, 10, "standup"), (2, 9, 10, "standup"))
        self.apply(self.ivanov, self.head, timetable)
        before = self.events()
        with freeze_time("2026-05-18 07:00:00"):
            # Monday's has begun: what is gone by stays.
            timetable.block_ids.write({"hour_from": 9.5, "name": "Team round"})
            self.assertIn("Moved or renamed: 1", self.wizard(timetable=timetable).preview)
            self.apply(self.ivanov, self.head, timetable)
        self.assertEqual(self.events(), before)
        self.assertEqual(
            [(name, start) for name, start, _stop in self.moments()],
            [
                ("Stand-Up", datetime(2026, 5, 18, 7)),
                ("Team round", datetime(2026, 5, 20, 7, 30)),
            ],
        )
        self.assertEqual(before.attendee_ids.mapped("state"), ["accepted"] * 2)
        self.assertFalse(any(before.mapped("is_timetable_changed")))

    @freeze_time("2026-05-18 04:00:00")
    def test_deleted_block_goes(self):
        timetable = self.make_timetable((0, 9, 10, "standup"), (0, 10, 11, "reports"))
        self.apply(timetable=timetable)
        timetable.block_ids[1].unlink()
        self.assertEqual(len(self.events()), 2)
        self.apply(timetable=timetable)
        self.assertEqual(self.events().mapped("name"), ["Stand-Up"])

    @freeze_time("2026-05-18 04:00:00")
    def test_day_off_declared_later(self):
        self.apply()
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "company_id": self.company.id,
                "date_from": datetime(2026, 5, 19, 22),
                "date_to": datetime(2026, 5, 20, 21),
            }
        )
        self.apply()
        self.assertEqual(len(self.events()), 24)
        self.assertNotIn(date(2026, 5, 20), self.events().mapped("timetable_date"))

    @freeze_time("2026-05-18 04:00:00")
    def test_another_timetable_replaces(self):
        self.apply()
        self.apply(timetable=self.farmer)
        self.assertEqual(len(self.events()), 30)
        self.assertEqual(self.events().time_block_id.timetable_id, self.farmer)

    @freeze_time("2026-05-20 08:00:00")
    def test_past_days(self):
        """A week under way is filled from Monday on; what a past day had is not doubled."""
        one = self.make_timetable(*((day, 9, 10, "standup") for day in range(5)))
        other = self.make_timetable(*((day, 9, 10, "planning") for day in range(5)))
        self.apply(timetable=one)
        self.assertEqual(len(self.events()), 5)
        self.apply(timetable=other)
        self.assertEqual(
            self.events().mapped("name"),
            # Wednesday's has begun and stays; today gets the new one beside it.
            ["Stand-Up"] * 3 + ["Weekly Planning"] * 3,
        )

    @freeze_time("2026-05-18 04:00:00")
    def test_changed_by_hand(self):
        self.apply()
        moved, renamed, archived, attended, deleted = self.events()[5:10]
        moved.with_user(self.ivanov).write(
            {"start": moved.start + timedelta(hours=1), "stop": moved.stop + timedelta(hours=1)}
        )
        renamed.with_user(self.ivanov).name = "Call Romashka"
        archived.with_user(self.ivanov).action_archive()
        client = self.env["res.partner"].create({"name": "Romashka"})
        attended.with_user(self.ivanov).with_context(
            no_mail_to_attendees=True
        ).partner_ids += client
        kept = moved | renamed | archived | attended
        self.assertEqual(kept.mapped("is_timetable_changed"), [True] * 4)
        deleted.with_user(self.ivanov).unlink()
        was = [(event.start, event.name, event.active) for event in kept]
        self.apply(timetable=self.farmer)
        self.apply()
        self.assertEqual([(event.start, event.name, event.active) for event in kept], was)
        self.assertEqual(len(self.events()), 30, "The deleted one is there again, none twice.")
        self.wizard().action_remove()
        self.assertEqual(self.events(), kept.sorted("start"))

    @freeze_time("2026-05-18 04:00:00")
    def test_answering_or_reading_is_no_change(self):
        self.apply()
        event = self.events()[0]
        event.with_user(self.ivanov).attendee_ids.do_tentative()
        event.with_user(self.ivanov).message_post(body="Fine")
        self.assertFalse(event.is_timetable_changed)

    @freeze_time("2026-05-18 04:00:00")
    def test_given_to_a_colleague(self):
        self.apply(self.ivanov | self.sidorov)
        event = self.events()[3]
        event.user_id = self.sidorov
        self.assertFalse(event.timetable_date)
        self.apply(self.ivanov | self.sidorov)
        self.assertEqual(len(self.events(self.ivanov | self.sidorov)), 60)

    @freeze_time("2026-05-18 04:00:00")
    def test_copy_is_an_event_like_any_other(self):
        self.apply()
        copied = self.events()[0].copy()
        self.assertFalse(copied.time_block_id or copied.timetable_date)

    @freeze_time("2026-05-18 04:00:00")
    def test_removing(self):
        self.apply(self.ivanov | self.sidorov, date_to=_MONDAY + timedelta(weeks=2))
        own = self.env["calendar.event"].create(
            {
                "name": "Own",
                "user_id": self.ivanov.id,
                "start": "2026-05-28 10:00:00",
                "stop": "2026-05-28 11:00:00",
            }
        )
        with freeze_time("2026-05-27 09:00:00"):
            self.wizard(date_from=date(2026, 5, 27)).action_remove()
        # Up to Wednesday 11:00 in Berlin; the block that begins at 11:00 has begun.
        self.assertEqual(len(self.events()), 30 + 12 + 3)
        self.assertEqual(len(self.events(self.sidorov)), 90)
        self.assertTrue(own.exists())

    @freeze_time("2026-05-18 04:00:00")
    def test_uninstalling(self):
        """Past blocks and those changed by hand stay in the calendars, nothing else of ours."""
        self.apply(self.ivanov | self.sidorov, date_to=_MONDAY + timedelta(weeks=2))
        by_hand = self.events()[-1]
        by_hand.with_user(self.ivanov).name = "Call Romashka"
        others = self.env["calendar.event"].search_count([("timetable_date", "=", False)])
        mails = self.env["mail.mail"].search_count([])
        with freeze_time("2026-05-27 09:00:00"), patch(f"{_EVENTS}._BATCH", 50):
            self.env["crm.timetable"]._remove_all()
        # Up to Wednesday 11:00 in Berlin; the block that begins at 11:00 has begun.
        self.assertEqual(len(self.events(self.sidorov)), 30 + 12 + 3)
        self.assertEqual(len(self.events()), 30 + 12 + 3 + 1)
        self.assertTrue(by_hand.exists())
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        self.assertEqual(
            self.env["calendar.event"].search_count([("timetable_date", "=", False)]), others
        )

    @freeze_time("2026-05-18 04:00:00")
    def test_parallel(self):
        """Who did not see the other's events is told to try again, and then finds them."""
        wizard = self.wizard()
        changes = wizard._prepare()
        self.wizard().action_apply()
        self.env.flush_all()
        with (
            self.assertRaises(ConcurrencyError),
            mute_logger("odoo.sql_db"),
            patch.object(type(self.env["crm.timetable"]), "_accept", lambda *_args: None),
        ):
            self.env["crm.timetable"]._carry_out(changes)
        self.env.invalidate_all()
        wizard.action_apply()
        self.assertEqual(len(self.events()), 30)

    @freeze_time("2026-05-18 04:00:00")
    def test_queries(self):
        """Statements grow with rows in hundreds, not with events."""
        users = self.ivanov | self.sidorov

        def queries(weeks):
            changes = self.wizard(
                users, timetable=self.hunter, date_to=_MONDAY + timedelta(weeks=weeks - 1)
            )._prepare()
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.env["crm.timetable"]._carry_out(changes)
            self.env.flush_all()
            return len(changes.to_create), self.cr.sql_log_count - before

        queries(1)
        few, few_queries = queries(2)
        many, many_queries = queries(12)
        self.assertEqual((few, many), (60, 600))
        # An event has four rows in as many tables, written a hundred at a time.
        self.assertLess(many_queries - few_queries, (many - few) / 10)

    @freeze_time("2026-05-18 04:00:00")
    def test_who_plans_whose_time(self):
        own = self.wizard(self.ivanov, self.ivanov)
        self.assertEqual(own.allowed_user_ids, self.ivanov)
        own.action_apply()
        self.assertEqual(len(self.events()), 30)
        foreign = self.wizard(self.sidorov, self.ivanov)
        for action in ("action_apply", "action_remove"):
            with self.assertRaisesRegex(AccessError, "Sidorenko"):
                getattr(foreign, action)()
        led = self.wizard(self.ivanov | self.sidorov, self.leader)
        self.assertEqual(led.allowed_user_ids, self.ivanov | self.sidorov | self.leader)
        led.action_apply()
        self.assertEqual(len(self.events(self.sidorov)), 30)
        with self.assertRaises(AccessError):
            self.wizard(self.petrova, self.leader).action_apply()
        self.apply(self.petrova, self.head)
        self.assertEqual(len(self.events(self.petrova)), 30)

    @freeze_time("2026-05-18 04:00:00")
    def test_private_calendar(self):
        """The leader of a team plans the time of a manager whose calendar is private."""
        self.ivanov.with_user(self.ivanov).calendar_default_privacy = "private"
        timetable = self.make_timetable((2, 9, 10, "standup"))
        self.apply(self.ivanov, self.leader, timetable)
        timetable.block_ids.hour_from = 9.5
        self.apply(self.ivanov, self.leader, timetable)
        self.assertEqual(self.events().start, datetime(2026, 5, 20, 7, 30))

    @freeze_time("2026-05-18 04:00:00")
    def test_form(self):
        form = Form(self.env["crm.timetable.apply"].with_user(self.ivanov))
        self.assertEqual(form.user_ids[:], self.ivanov)
        self.assertEqual(form.date_from, _MONDAY)
        self.assertIn("New blocks: 120.", form.preview)
        form.date_to = _MONDAY - timedelta(days=1)
        self.assertEqual(form.preview, "The last week is before the first one.")
        form.date_to = _MONDAY + timedelta(weeks=53)
        self.assertIn("53 weeks at most", form.preview)
        # Forty weeks of managers are planned on every change; more only when it is done.
        form.date_to = _MONDAY + timedelta(weeks=39)
        self.assertIn("New blocks: 1200.", form.preview)
        form.date_to = _MONDAY + timedelta(weeks=40)
        self.assertIn("Managers: 1, weeks: 41.", form.preview)
        form.date_to = _MONDAY + timedelta(weeks=52)
        with patch.object(type(self.hunter), "_changes", side_effect=AssertionError):
            form.timetable_id = self.hunter
        self.assertIn("Managers: 1, weeks: 53.", form.preview)
        form.timetable_id = self.make_timetable()
        self.assertIn("no timetable with blocks for Ivanenko", form.preview)
        form.timetable_id = self.hunter
        form.date_to = _MONDAY
        action = form.save().action_apply()
        self.assertEqual(action["params"]["next"]["res_model"], "calendar.event")
        self.assertEqual(len(self.events()), 30)

    @freeze_time("2026-05-18 04:00:00")
    def test_leader_begins_with_the_team(self):
        Wizard = self.env["crm.timetable.apply"].with_user(self.leader)
        self.assertEqual(Form(Wizard).user_ids[:], self.ivanov | self.sidorov)
        chosen = Wizard.with_context(default_timetable_id=self.farmer.id)
        self.assertEqual(Form(chosen).user_ids[:], self.leader)

    @freeze_time("2026-05-17 22:30:00")
    def test_today_is_that_of_the_company(self):
        """Half past midnight on Monday in Berlin: the week that has begun is meant."""
        wizard = self.env["crm.timetable.apply"].with_user(self.ivanov).create({})
        self.assertEqual(wizard.date_from, fields.Date.to_date("2026-05-18"))
