from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .test_reaction import WEDNESDAY, RequestCase, utc


@tagged("post_install", "-at_install")
class TestChannels(RequestCase):
    def test_most_specific_wins(self):
        both = self._make_channel(
            name="Site by phone", source_id=self.site.id, medium_id=self.phone.id
        )
        own = self._make_channel(
            name="Site, our team", source_id=self.site.id, team_id=self.team.id
        )
        other_team = self._make_team("Others")
        cases = [
            ({"source_id": self.site.id, "medium_id": self.phone.id}, both),
            ({"source_id": self.site.id}, own),
            ({"source_id": self.site.id, "team_id": other_team.id}, self.website),
            ({"source_id": self.fair.id, "medium_id": self.phone.id}, self.calls),
            ({"source_id": self.fair.id}, self.env["crm.request.channel"]),
            ({"source_id": False}, self.env["crm.request.channel"]),
        ]
        for values, channel in cases:
            self.assertEqual(self.request(**values).channel_id, channel, values)

    def test_team_inbox(self):
        """What a salesperson types in for the team has not come in; a mail to the team has."""
        inbox = self._make_channel(name="Inbox", team_id=self.team.id, is_assigned=False)
        self.assertFalse(self.request(source_id=False).channel_id)
        mail = {"subject": "Offer?", "from": "Anna <anna@example.com>", "body": "Please"}
        lead = self.env["crm.lead"].message_new(mail, {"team_id": self.team.id})
        self.assertEqual(lead.channel_id, inbox)
        lead = self.env["crm.lead"].message_new(mail, {"team_id": self._make_team("Others").id})
        self.assertFalse(lead.channel_id)

    def test_catch_all(self):
        """It takes what no other channel does, but for what a salesperson types in."""
        everything = self._make_channel(name="Everything else", sequence=0, is_assigned=False)
        none = self.env["crm.request.channel"]
        cases = [
            ({}, self.website),
            ({"source_id": False, "medium_id": self.phone.id}, self.calls),
            ({"source_id": self.fair.id}, everything),
            ({"source_id": False, "medium_id": self._make_medium().id}, everything),
            ({"source_id": False}, none),
        ]
        for values, channel in cases:
            self.assertEqual(self.request(**values).channel_id, channel, values)
        mail = {"subject": "Offer?", "from": "Anna <anna@example.com>", "body": "Please"}
        for values in ({"team_id": self.team.id}, {}):
            lead = self.env["crm.lead"].message_new(mail, values)
            self.assertEqual(lead.channel_id, everything)
        inbox = self._make_channel(name="Inbox", team_id=self.team.id, is_assigned=False)
        lead = self.env["crm.lead"].message_new(mail, {"team_id": self.team.id})
        self.assertEqual(lead.channel_id, inbox)

    def _make_medium(self):
        return self.env["utm.medium"].create({"name": "Letter (test)"})

    def test_catch_all_takes_what_visitors_fill_in(self):
        everything = self._make_channel(name="Everything else")
        visitor = self.env.ref("base.public_user")
        leads = self.env["crm.lead"]
        values = {"name": "From a form", "team_id": self.team.id, "user_id": False}
        self.assertEqual(leads.with_user(visitor).sudo().create(values).channel_id, everything)
        self.assertFalse(leads.with_user(self.ivanov).create(values).channel_id)

    def test_one_catch_all_a_company(self):
        first = self._make_channel(name="Everything else")
        self.assertFalse(first.source_id or first.medium_id or first.team_id)
        with self.assertRaises(IntegrityError) as caught, mute_logger("odoo.sql_db"):
            self._make_channel(name="Everything, again")
        self.assertIn("catch_all_uniq", str(caught.exception))
        self._make_channel(name="Everything, once", active=False)
        company = self.env["res.company"].create({"name": "Second"})
        them = new_test_user(
            self.env, "test_second", company_id=company.id, company_ids=[(6, 0, company.ids)]
        )
        theirs = self._make_channel(
            name="Theirs", company_id=company.id, user_id=them.id, calendar_id=False
        )
        lead = self.request(source_id=self.fair.id)
        self.assertEqual(lead.channel_id, first, "not the other company's")
        lead = self.request(source_id=self.fair.id, team_id=False, company_id=company.id)
        self.assertEqual(lead.channel_id, theirs)

    def test_archived_channel_takes_nothing(self):
        self.website.active = False
        self.assertFalse(self.request().channel_id)
        self.website.active = True
        self.assertEqual(self.request().channel_id, self.website)

    def test_owner(self):
        lead = self.request()
        self.assertEqual((lead.user_id, lead.team_id), (self.ivanov, self.team))
        self.assertEqual(self.request(user_id=self.sidorov.id).user_id, self.sidorov)
        lead = self.request(source_id=False, medium_id=self.phone.id)
        self.assertEqual((lead.channel_id, lead.user_id.id), (self.calls, False))
        self.assertEqual(lead.answerable_id, self.ivanov)
        lead.with_user(self.sidorov).action_take_request()
        self.assertEqual((lead.user_id, lead.answerable_id), (self.sidorov, self.sidorov))
        lead.with_user(self.head).action_take_request()
        self.assertEqual(lead.user_id, self.sidorov, "nobody's request is taken away")

    def test_owner_of_another_team(self):
        """The responsible is of another team: the request stays with the team it came to."""
        other_team = self._make_team("Others")
        self.website.user_id = self.head
        lead = self.request(team_id=other_team.id)
        self.assertEqual((lead.user_id, lead.team_id), (self.head, other_team))

    def test_imported_list_is_no_request(self):
        leads = self.env["crm.lead"].with_context(import_file=True)
        result = leads.load(
            ["name", "source_id/.id"], [[f"Imported {n}", str(self.site.id)] for n in range(3)]
        )
        self.assertFalse(leads.browse(result["ids"]).channel_id)

    def test_leads_from_before_are_left_alone(self):
        lead = self.request(source_id=self.fair.id)
        self._make_channel(name="Fair", source_id=self.fair.id)
        lead.name = "Changed"
        self.log(lead, f"{WEDNESDAY} 06:10:00")
        self.assertFalse(lead.channel_id or lead.reaction_state or lead.first_reaction_at)
        lead.source_id = self.site
        self.assertFalse(lead.channel_id, "who learns of the source later was not asked just now")

    def test_not_copied(self):
        copy = self.request().copy({"source_id": False})
        self.assertFalse(copy.channel_id or copy.reaction_due_at or copy.requested_at)

    def test_wrong_channels(self):
        for values in (
            {"name": "Twice", "source_id": self.site.id},
            {"name": "No time", "source_id": self.fair.id, "reaction_term": 0},
        ):
            with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
                self._make_channel(**values)
        self._make_channel(name="Fair", source_id=self.fair.id, reaction_term=1)
        self._make_channel(name="Once before", source_id=self.site.id, active=False)

    def test_used_channel_stays(self):
        self.request()
        with self.assertRaisesRegex(ValidationError, "Archive it"):
            self.website.unlink()
        self.calls.unlink()

    def test_nobody_writes_it_by_hand(self):
        lead = self.request().with_user(self.ivanov)
        for values in (
            {"reaction_due_at": "2030-01-01"},
            {"first_reaction_at": "2026-03-04 06:01:00"},
            {"channel_id": False},
            {"escalated_at": False},
        ):
            with self.assertRaises(AccessError):
                lead.write(values)
        with self.assertRaises(AccessError):
            lead.create({"name": "Mine", "channel_id": self.website.id})

    def test_two_companies(self):
        """Each company's channels take its requests, by its working hours."""
        company = self.env["res.company"].create({"name": "Second"})
        new_york = self._make_calendar("America/New_York")
        manager = new_test_user(
            self.env,
            "test_second",
            groups="sales_team.group_sale_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        new_york.company_id = company
        channel = self._make_channel(
            name="Site",
            source_id=self.site.id,
            company_id=company.id,
            user_id=manager.id,
            calendar_id=False,
        )
        company.resource_calendar_id = new_york
        theirs = self.request(team_id=False, company_id=company.id)
        ours = self.request()
        self.assertEqual((theirs.channel_id, ours.channel_id), (channel, self.website))
        # Nine in Moscow is one at night in New York, where work begins at eight.
        self.assertEqual(theirs.reaction_due_at, utc(f"{WEDNESDAY} 13:30:00"))
        self.assertEqual(ours.reaction_due_at, utc(f"{WEDNESDAY} 06:30:00"))
        reports = self.env["crm.reaction.report"].with_user(manager)
        self.assertEqual(reports.search([]).lead_id, theirs)
        self.assertEqual(self.env["crm.request.channel"].with_user(manager).search([]), channel)

    def test_cost(self):
        """Without a channel a lead costs nothing more; with one a hundred cost a few queries."""
        Channel = type(self.env["crm.request.channel"])
        values = [
            {"name": f"Lead {n}", "user_id": False, "team_id": self.team.id} for n in range(100)
        ]
        requests = [{**each, "source_id": self.site.id} for each in values]

        def queries(values):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            leads = self.env["crm.lead"].create(values)
            self.env.cr.flush()
            return leads, self.env.cr.sql_log_count - before

        queries(values)
        _leads, with_channels = queries(values)
        leads, received = queries(requests)
        self.assertEqual(leads.channel_id, self.website)
        self.env["crm.request.channel"].search([]).active = False
        queries(values)
        with patch.object(Channel, "_match", side_effect=AssertionError("asked for")):
            _leads, without = queries(values)
        self.assertLessEqual(with_channels - without, 1)
        self.assertLessEqual(received - without, 25)


@tagged("post_install", "-at_install")
class TestWorkingTime(RequestCase):
    def due(self, at):
        return self.request(at).reaction_due_at

    def test_within_the_day(self):
        self.assertEqual(self.due(f"{WEDNESDAY} 06:00:00"), utc(f"{WEDNESDAY} 06:30:00"))
        self.assertEqual(self.due(f"{WEDNESDAY} 06:00:01"), utc(f"{WEDNESDAY} 06:30:01"))

    def test_lunch(self):
        self.assertEqual(self.due(f"{WEDNESDAY} 08:45:00"), utc(f"{WEDNESDAY} 10:15:00"))
        self.assertEqual(self.due(f"{WEDNESDAY} 09:20:00"), utc(f"{WEDNESDAY} 10:30:00"))

    def test_night(self):
        # The last half hour of the day is enough, to the second.
        self.assertEqual(self.due(f"{WEDNESDAY} 13:30:00"), utc(f"{WEDNESDAY} 14:00:00"))
        self.assertEqual(self.due(f"{WEDNESDAY} 13:30:01"), utc("2026-03-05 05:00:01"))
        self.assertEqual(self.due(f"{WEDNESDAY} 13:45:00"), utc("2026-03-05 05:15:00"))
        self.assertEqual(self.due(f"{WEDNESDAY} 22:00:00"), utc("2026-03-05 05:30:00"))

    def test_weekend(self):
        self.assertEqual(self.due("2026-03-06 13:50:00"), utc("2026-03-09 05:20:00"))
        self.assertEqual(self.due("2026-03-07 09:00:00"), utc("2026-03-09 05:30:00"))

    def test_holiday(self):
        self.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": self.calendar.id,
                "date_from": "2026-03-08 21:00:00",
                "date_to": "2026-03-09 20:59:59",
            }
        )
        self.assertEqual(self.due("2026-03-06 13:50:00"), utc("2026-03-10 05:20:00"))

    def test_nobody_ever_works(self):
        self.calendar.attendance_ids.unlink()
        self.assertEqual(self.due("2026-03-07 09:00:00"), utc("2026-03-07 09:30:00"))

    def test_term_of_the_channel(self):
        self.website.reaction_term = 600
        self.assertEqual(self.due(f"{WEDNESDAY} 05:00:00"), utc("2026-03-05 07:00:00"))

    def test_minutes_worked(self):
        spans = [
            (utc(f"{WEDNESDAY} 13:30:00"), utc("2026-03-05 05:15:00")),
            (utc(f"{WEDNESDAY} 08:00:00"), utc(f"{WEDNESDAY} 11:00:00")),
            (utc("2026-03-07 00:00:00"), utc("2026-03-08 00:00:00")),
            (utc("2026-03-08 00:00:00"), utc("2026-03-07 00:00:00")),
        ]
        self.assertEqual(self.calendar._minutes_worked(spans), [45, 120, 0, 0])
        self.assertEqual(self.calendar._minutes_worked([]), [])
        nobody = self.env["resource.calendar"]
        self.assertEqual(nobody._minutes_worked(spans[1:2]), [180])
