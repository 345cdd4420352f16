from ast import literal_eval

from freezegun import freeze_time
from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

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
class TestReaction(RequestCase):
    def test_no_request_by_a_default(self):
        """A list grouped by channels asks for one in what is created there."""
        given = {
            "default_channel_id": self.website.id,
            "default_first_reaction_at": "2026-03-04 09:00:00",
            "import_file": True,
        }
        Lead = self.env["crm.lead"].with_user(self.ivanov)
        lead = Lead.with_context(**given).create({"name": "Somebody"})
        self.assertFalse(lead.channel_id or lead.first_reaction_at or lead.reaction_state)
        self.env["ir.default"].set(
            "crm.lead", "channel_id", self.website.id, user_id=self.ivanov.id
        )
        with self.assertRaises(AccessError):
            Lead.create({"name": "Somebody"})

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

    def test_attempt_is_no_reaction(self):
        """Only who talked to the client, or sent them material, has reacted."""
        lead = self.request()
        attempt = self.log(lead, f"{WEDNESDAY} 06:10:00", is_in_person=False)
        self.assertEqual(self.state(lead), "waiting")
        self.log(lead, f"{WEDNESDAY} 06:20:00", is_in_person=False, kind="material")
        self.assertEqual(lead.first_reaction_at, utc(f"{WEDNESDAY} 06:20:00"))
        attempt.is_in_person = True
        self.assertEqual(lead.first_reaction_at, utc(f"{WEDNESDAY} 06:10:00"))
        attempt.is_in_person = False
        self.assertEqual(lead.first_reaction_at, utc(f"{WEDNESDAY} 06:20:00"))
        attempt.kind = "material"
        self.assertEqual(lead.first_reaction_at, utc(f"{WEDNESDAY} 06:10:00"))

    def test_clients_message_is_no_reaction(self):
        """A contact logged from what the client wrote is none; one from our own message is."""
        lead = self.request()
        at = f"{WEDNESDAY} 06:10:00"
        theirs = self.write_to_client(lead, at, author_id=self.client.id, message_type="email")
        unknown = theirs.sudo().copy({"author_id": False, "email_from": "who@example.com"})
        ours = self.write_to_client(lead, at, subtype_xmlid="mail.mt_note")
        log = self.log(lead, at, message_id=theirs.id, kind="incoming_call")
        self.assertEqual(self.state(lead), "waiting")
        log.message_id = unknown
        self.assertEqual(self.state(lead), "waiting")
        log.message_id = ours
        self.assertEqual((self.state(lead), lead.first_reaction_at), ("in_time", utc(at)))
        log.message_id = theirs
        self.assertEqual(self.state(lead), "waiting")
        log.message_id = False
        self.assertEqual(self.state(lead), "in_time")

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

    def test_filters(self):
        """Leads and opportunities alike are searched for those that nobody has reacted to."""
        for name in ("crm.view_crm_case_leads_filter", "crm.view_crm_case_opportunities_filter"):
            arch = self.env["crm.lead"].get_view(self.env.ref(name).id, "search")["arch"]
            [found] = etree.fromstring(arch).xpath("//filter[@name='request_waiting']/@domain")
            waiting, done = self.request(), self.request()
            self.log(done, f"{WEDNESDAY} 06:10:00")
            leads = self.env["crm.lead"].search(literal_eval(found))
            self.assertEqual(leads & (waiting | done), waiting)

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
