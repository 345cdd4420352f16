from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from .test_timetable import TimetableCase

_MONDAY = date(2026, 5, 18)
_TUESDAY = date(2026, 5, 19)


@tagged("post_install", "-at_install")
class TestWorkingTime(TimetableCase):
    """Working hours of a company and of its managers, beside another company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].create({"name": "Other"})
        cls.env.user.company_ids |= cls.other
        cls.calendar = cls.company.resource_calendar_id

    def holiday(self, company, **values):
        """A Tuesday of no calendar in particular."""
        leave = (
            self.env["resource.calendar.leaves"]
            .with_company(company or self.company)
            .create(
                {
                    "name": "Holiday",
                    "date_from": datetime(2026, 5, 18, 22),
                    "date_to": datetime(2026, 5, 19, 21, 59, 59),
                    **values,
                }
            )
        )
        if not company:
            # Odoo takes the company of whoever writes it down.
            leave.company_id = False
            leave.flush_recordset()
        self.assertEqual(leave.company_id, company or self.env["res.company"])
        self.assertFalse(leave.calendar_id)
        return leave

    def worked(self, calendar=None, **values):
        """Hours of the Tuesday."""
        span = (datetime(2026, 5, 18, 22), datetime(2026, 5, 19, 22))
        [minutes] = (calendar or self.calendar).sudo()._minutes_worked([span], **values)
        return minutes / 60

    def due(self, calendar=None, **values):
        """When a minute's work that came in on Monday evening is done."""
        calendar = (calendar or self.calendar).sudo()
        return calendar._minutes_after(datetime(2026, 5, 18, 20), 1, **values).date()

    def resource(self, user, company, **values):
        return self.env["resource.resource"].create(
            {
                "name": user.name,
                "user_id": user.id,
                "company_id": company and company.id,
                "calendar_id": self.calendar.id,
                "tz": "Europe/Berlin",
                **values,
            }
        )

    # -- minutes ------------------------------------------------------------------------------

    def test_holiday_of_another_company(self):
        self.holiday(self.other)
        self.assertEqual((self.worked(), self.due()), (8, _TUESDAY))

    def test_holiday_of_the_company(self):
        self.holiday(self.company)
        self.assertEqual((self.worked(), self.due()), (0, _TUESDAY + timedelta(days=1)))

    def test_holiday_of_all_companies(self):
        self.holiday(None)
        self.assertEqual((self.worked(), self.due()), (0, _TUESDAY + timedelta(days=1)))

    def test_calendar_of_several_companies(self):
        shared = self.calendar.copy({"company_id": False})
        shared.company_id = False
        self.holiday(self.other)
        self.assertEqual((self.worked(shared), self.due(shared)), (8, _TUESDAY))
        there = {"company": self.other}
        self.assertEqual(
            (self.worked(shared, **there), self.due(shared, **there)),
            (0, _TUESDAY + timedelta(days=1)),
        )
        theirs = shared.with_company(self.other)
        self.assertEqual(self.worked(theirs), 0)

    # -- the resource of a manager ------------------------------------------------------------

    def of(self, user, company):
        return self.env["resource.resource"]._of_managers(user, company)[company, user]

    def test_which_resource(self):
        self.assertFalse(self.of(self.ivanov, self.company))
        there = self.resource(self.ivanov, self.other)
        self.assertFalse(self.of(self.ivanov, self.company))
        shared = self.resource(self.ivanov, None)
        self.resource(self.ivanov, None)
        self.assertEqual(self.of(self.ivanov, self.company), shared, "the oldest")
        here = self.resource(self.ivanov, self.company)
        newer = self.resource(self.ivanov, self.company)
        self.assertEqual(self.of(self.ivanov, self.company), here, "the company's own")
        self.assertEqual(self.of(self.ivanov, self.other), there)
        here.active = False
        archived_too = self.env["resource.resource"].with_context(active_test=False)
        found = archived_too._of_managers(self.ivanov | self.petrova, self.company)
        self.assertEqual(found[self.company, self.ivanov], newer)
        self.assertFalse(found[self.company, self.petrova])

    @freeze_time("2026-05-18 04:00:00")
    def test_norms_and_timetables_know_the_same_hours(self):
        """A manager whose working hours belong to no company works four days."""
        part_time = self.calendar.copy({"name": "Four Days", "company_id": False})
        part_time.attendance_ids.filtered(lambda line: line.dayofweek == "2").unlink()
        resource = self.resource(self.ivanov, None, calendar_id=part_time.id)
        self.holiday(self.company)
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Time off",
                "resource_id": resource.id,
                "date_from": datetime(2026, 5, 20, 22),
                "date_to": datetime(2026, 5, 21, 21, 59, 59),
            }
        )
        sunday = _MONDAY + timedelta(days=6)
        working, off = self.hunter._working_time(self.ivanov, _MONDAY, sunday, self.company)
        self.assertEqual(working[self.ivanov], {_MONDAY, date(2026, 5, 22)})
        self.assertEqual(len(off[self.ivanov]), 2)
        presence = self.env["crm.contact.norm.week"]._presence(
            [(self.company, self.ivanov)], _MONDAY, sunday
        )[self.company, self.ivanov]
        self.assertEqual({start.date() for start, _end in presence.intervals}, working[self.ivanov])
