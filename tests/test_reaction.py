from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import FunnelCase

# A Wednesday; Moscow is three hours ahead of UTC all year.
WEDNESDAY = "2026-03-04"


def utc(text):
    return fields.Datetime.to_datetime(text)


class RequestCase(FunnelCase):
    """Two channels; work is from eight to twelve and from one to five, Moscow time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.request.channel"].search([]).active = False
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Smirnenko"
        )
        cls.team.user_id = cls.head
        cls.calendar = cls._make_calendar("Europe/Moscow")
        cls.site, cls.fair = cls.env["utm.source"].create([{"name": "Site"}, {"name": "Fair"}])
        cls.phone = cls.env["utm.medium"].create({"name": "Phone (test)"})
        cls.website = cls._make_channel(name="Website", source_id=cls.site.id)
        cls.calls = cls._make_channel(name="Calls", medium_id=cls.phone.id, is_assigned=False)
        cls.client = cls.env["res.partner"].create(
            {"name": "Romashka", "email": "info@romashka.example.com", "is_company": True}
        )

    @classmethod
    def _make_calendar(cls, tz):
        return cls.env["resource.calendar"].create(
            {
                "name": f"Week in {tz}",
                "tz": tz,
                "attendance_ids": [
                    (0, 0, {"name": "Work", "dayofweek": day, "hour_from": since, "hour_to": to})
                    for day in "01234"
                    for since, to in ((8, 12), (13, 17))
                ],
            }
        )

    @classmethod
    def _make_channel(cls, **values):
        return cls.env["crm.request.channel"].create(
            {"user_id": cls.ivanov.id, "calendar_id": cls.calendar.id, **values}
        )

    def request(self, at=f"{WEDNESDAY} 06:00:00", **values):
        """A request that came in at a moment, by the website."""
        with freeze_time(at):
            return self.env["crm.lead"].create(
                {
                    "name": "Request",
                    "type": "lead",
                    "team_id": self.team.id,
                    "user_id": False,
                    "source_id": self.site.id,
                    "partner_id": self.client.id,
                    **values,
                }
            )

    def log(self, lead, at, user=None, **values):
        with freeze_time(at):
            return self.env["crm.contact.log"].create(
                {"lead_id": lead.id, "user_id": (user or self.ivanov).id, "date": at, **values}
            )

    def write_to_client(self, lead, at, user=None, **values):
        with freeze_time(at):
            return lead.with_user(user or self.ivanov).message_post(
                **{
                    "body": "Good day",
                    "message_type": "comment",
                    "subtype_xmlid": "mail.mt_comment",
                    "partner_ids": self.client.ids,
                    **values,
                }
            )

    def state(self, lead, at=f"{WEDNESDAY} 06:00:00"):
        with freeze_time(at):
            lead.invalidate_recordset(["reaction_state"])
            found = lead.search(
                [("id", "=", lead.id), ("reaction_state", "=", lead.reaction_state)]
            )
            self.assertEqual(found, lead, "what is searched is what is shown")
            return lead.reaction_state


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
            {"name": "Nothing"},
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


@tagged("post_install", "-at_install")
class TestReaction(RequestCase):
    def test_both_sides_of_the_term(self):
        for at, state, minutes in (
            (f"{WEDNESDAY} 06:29:59", "in_time", 29.983),
            (f"{WEDNESDAY} 06:30:00", "in_time", 30),
            (f"{WEDNESDAY} 06:30:01", "late", 30.017),
        ):
            lead = self.request()
            self.assertEqual(self.state(lead, f"{WEDNESDAY} 06:30:00"), "waiting")
            self.assertEqual(self.state(lead, f"{WEDNESDAY} 06:30:01"), "overdue")
            self.log(lead, at)
            self.assertEqual(self.state(lead), state)
            self.assertEqual(lead.first_reaction_at, utc(at))
            self.assertEqual(lead.first_reaction_by_id, self.ivanov)
            self.assertAlmostEqual(lead.reaction_minutes, minutes, 2)

    def test_over_the_weekend(self):
        lead = self.request("2026-03-06 13:50:00")
        self.log(lead, "2026-03-09 05:20:00")
        self.assertEqual((self.state(lead), lead.reaction_minutes), ("in_time", 30))
        lead = self.request("2026-03-06 13:50:00")
        self.log(lead, "2026-03-07 10:00:00")
        self.assertEqual(lead.reaction_minutes, 10, "who answers on a Saturday")

    def test_what_is_no_reaction(self):
        lead = self.request()
        at = f"{WEDNESDAY} 06:10:00"
        self.log(lead, f"{WEDNESDAY} 05:59:59")
        self.log(lead, at, state="to_confirm")
        colleague = self.sidorov.partner_id.ids
        self.write_to_client(lead, at, subtype_xmlid="mail.mt_note")
        self.write_to_client(lead, at, partner_ids=colleague)
        self.write_to_client(lead, at, message_type="notification")
        self.write_to_client(lead, at, message_type="auto_comment")
        self.write_to_client(lead, at, author_id=self.client.id, message_type="email")
        self.write_to_client(lead, at, user=self.env.ref("base.user_root"))
        self.assertEqual(self.state(lead), "waiting")
        self.write_to_client(lead, at, user=self.head)
        self.assertEqual((self.state(lead), lead.first_reaction_by_id), ("in_time", self.head))
        self.assertEqual(lead.answerable_id, self.ivanov)

    def test_client_who_follows(self):
        lead = self.request()
        lead.message_subscribe(self.client.ids)
        self.write_to_client(lead, f"{WEDNESDAY} 06:10:00", partner_ids=[])
        self.assertEqual(self.state(lead), "in_time")

    def test_first_counts(self):
        lead = self.request()
        self.write_to_client(lead, f"{WEDNESDAY} 06:10:00")
        self.log(lead, f"{WEDNESDAY} 06:20:00", user=self.sidorov)
        self.assertEqual(lead.first_reaction_at, utc(f"{WEDNESDAY} 06:10:00"))
        # Logged afterwards, but it was earlier.
        early = self.log(lead, f"{WEDNESDAY} 06:05:00", user=self.sidorov)
        self.assertEqual(lead.first_reaction_at, utc(f"{WEDNESDAY} 06:05:00"))
        self.assertEqual(lead.first_reaction_by_id, self.sidorov)
        early.unlink()
        self.assertEqual(lead.first_reaction_at, utc(f"{WEDNESDAY} 06:10:00"))
        self.assertEqual(lead.first_reaction_by_id, self.ivanov)

    def test_contact_is_corrected(self):
        lead, other = self.request(), self.request()
        log = self.log(lead, f"{WEDNESDAY} 06:20:00")
        with freeze_time(f"{WEDNESDAY} 08:00:00"):
            log.date = f"{WEDNESDAY} 06:40:00"
        self.assertEqual((self.state(lead), lead.reaction_minutes), ("late", 40))
        log.user_id = self.sidorov
        self.assertEqual(lead.first_reaction_by_id, self.sidorov)
        log.lead_id = other
        self.assertEqual(self.state(lead), "waiting")
        self.assertFalse(lead.first_reaction_by_id or lead.reaction_minutes)
        self.assertEqual(self.state(other), "late")
        log.state = "to_confirm"
        self.assertEqual(self.state(other, f"{WEDNESDAY} 09:00:00"), "overdue")
        log.state = "done"
        log.unlink()
        self.assertEqual(self.state(other, f"{WEDNESDAY} 09:00:00"), "overdue")

    def test_answerable_is_kept(self):
        lead = self.request()
        lead.user_id = self.sidorov
        self.assertEqual(lead.answerable_id, self.sidorov)
        self.log(lead, f"{WEDNESDAY} 06:20:00", user=self.sidorov)
        lead.user_id = self.ivanov
        self.assertEqual(lead.answerable_id, self.sidorov, "the past is not handed over")

    def test_time_in_words(self):
        lead = self.request()
        for at, words in (
            (f"{WEDNESDAY} 06:12:00", "18 min left"),
            (f"{WEDNESDAY} 07:35:00", "1 h 5 min overdue"),
            ("2026-03-05 05:00:00", "6 h 30 min overdue"),
        ):
            with freeze_time(at):
                lead.invalidate_recordset(["reaction_state", "reaction_time"])
                self.assertEqual(lead.reaction_time, words)
        self.log(lead, f"{WEDNESDAY} 06:20:00")
        self.assertEqual(lead.reaction_time, "after 20 min")

    def test_search_and_groups(self):
        waiting, late = self.request(), self.request()
        self.log(late, f"{WEDNESDAY} 08:00:00")
        neither = self.new_lead()
        Lead = self.env["crm.lead"].with_context(active_test=False)
        ours = [("id", "in", (waiting | late | neither).ids)]
        with freeze_time(f"{WEDNESDAY} 09:00:00"):
            for domain, found in (
                ([("reaction_state", "=", "overdue")], waiting),
                ([("reaction_state", "in", ["late", "in_time"])], late),
                ([("reaction_state", "=", False)], neither),
                ([("reaction_state", "!=", False)], waiting | late),
                ([("reaction_state", "!=", "late")], waiting | neither),
                ([("reaction_state", "in", ["late", False])], late | neither),
            ):
                self.assertEqual(Lead.search(domain + ours), found, domain)
            groups = dict(Lead._read_group(ours, ["reaction_state"], ["__count"]))
            self.assertEqual(groups, {"overdue": 1, "late": 1, False: 1})
            self.assertTrue(Lead.fields_get(["reaction_state"])["reaction_state"]["groupable"])

    def test_merge(self):
        """The client has waited since the first request, until anybody reacted."""
        first = self.request(name="First")
        second = self.request(f"{WEDNESDAY} 07:00:00", name="Second", type="opportunity")
        self.log(second, f"{WEDNESDAY} 07:10:00", user=self.sidorov)
        survivor = (first | second).merge_opportunity()
        self.assertEqual(survivor.requested_at, utc(f"{WEDNESDAY} 06:00:00"))
        self.assertEqual(survivor.reaction_due_at, utc(f"{WEDNESDAY} 06:30:00"))
        self.assertEqual(survivor.first_reaction_at, utc(f"{WEDNESDAY} 07:10:00"))
        self.assertEqual((self.state(survivor), survivor.reaction_minutes), ("late", 70))

    def test_merge_with_a_deal_of_ours(self):
        """What was said before the client asked is no answer."""
        deal = self.new_lead(self.presentation, partner_id=self.client.id)
        self.log(deal, f"{WEDNESDAY} 05:30:00")
        request = self.request()
        survivor = (deal | request).merge_opportunity()
        self.assertEqual(survivor, deal)
        self.assertEqual((survivor.channel_id, self.state(survivor)), (self.website, "waiting"))
        self.assertFalse(survivor.first_reaction_at)

    def test_converted(self):
        lead = self.request()
        lead.convert_opportunity(self.client, user_ids=self.sidorov.ids, team_id=self.team.id)
        self.assertEqual((lead.channel_id, self.state(lead)), (self.website, "waiting"))
        self.log(lead, f"{WEDNESDAY} 06:20:00")
        self.assertEqual(self.state(lead), "in_time")
