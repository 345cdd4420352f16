import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import BLACKLISTED, FunnelCase

_MAIL = """Return-Path: <{email}>
To: {alias}
From: Zueva <{email}>
Subject: We need goods
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <{number}@example.com>
Content-Type: text/plain; charset=utf-8

Please call.
"""


@tagged("post_install", "-at_install")
class TestBlacklist(FunnelCase, HttpCase):
    """Nobody works with a blacklisted client, on whatever way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_enforcement("on")
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Headly"
        )
        cls.keeper = new_test_user(
            cls.env,
            "test_keeper",
            groups="sales_team.group_sale_salesman,base.group_partner_manager",
        )
        Partner = cls.env["res.partner"]
        cls.listed, cls.other = Partner.create(
            [{"name": "Never Again", "is_company": True}, {"name": "Nice", "is_company": True}]
        )
        cls.person = Partner.create(
            {"name": "Zueva", "parent_id": cls.listed.id, "email": "zueva@example.com"}
        )
        cls.team.alias_name = "test-hunters"
        cls.open, cls.free = cls.env["crm.lead"].create(
            [
                {
                    "name": name,
                    "type": "opportunity",
                    "partner_id": partner.id,
                    "team_id": cls.team.id,
                    "user_id": user.id,
                    "stage_id": cls.list.id,
                }
                for name, partner, user in (
                    ("Open", cls.person, cls.ivanov),
                    ("Free", cls.other, cls.ivanov),
                )
            ]
        )
        cls.lost, cls.lead = cls.env["crm.lead"].create(
            [
                {
                    "name": name,
                    "type": kind,
                    "partner_id": cls.listed.id,
                    "team_id": cls.team.id,
                    "user_id": False,
                }
                for name, kind in (("Lost", "opportunity"), ("Lead", "lead"))
            ]
        )
        cls.lost.action_set_lost(lost_reason_id=cls.reason.id)
        cls.listed.with_user(cls.head).write(
            {"is_sales_blacklisted": True, "sales_blacklist_reason": "Two invoices unpaid"}
        )
        cls.env.cr.flush()

    def values(self, **values):
        return {
            "name": "New",
            "type": "opportunity",
            "team_id": self.team.id,
            "user_id": self.ivanov.id,
            **values,
        }

    # -- paths --------------------------------------------------------------------------------

    def refused(self):
        """Every way to work with a blacklisted client, by its name."""
        Lead = self.env["crm.lead"]
        own = Lead.with_user(self.ivanov)

        def convert():
            self.env["crm.lead2opportunity.partner"].with_context(
                active_model="crm.lead", active_id=self.lead.id, active_ids=self.lead.ids
            ).create({"name": "convert", "action": "exist"}).action_apply()

        def mass_convert():
            self.env["crm.lead2opportunity.partner.mass"].with_context(
                active_model="crm.lead", active_ids=self.lead.ids
            ).create({"user_ids": self.ivanov.ids, "team_id": self.team.id}).action_mass_convert()

        def form():
            with Form(own.with_context(default_type="opportunity")) as new:
                new.name, new.partner_id = "New", self.listed

        def merge():
            extra = Lead.create(self.values())
            (extra | self.lead).merge_opportunity(auto_unlink=False)

        return {
            "create": lambda: own.create(self.values(partner_id=self.listed.id)),
            "create a lead": lambda: own.create(
                self.values(partner_id=self.listed.id, type="lead")
            ),
            "create under sudo": lambda: Lead.sudo().create(
                self.values(partner_id=self.listed.id, user_id=False)
            ),
            "create for a person": lambda: own.create(self.values(partner_id=self.person.id)),
            "create for a new person": lambda: own.create(
                self.values(
                    partner_id=self.env["res.partner"]
                    .create({"name": "Gusev", "parent_id": self.listed.id})
                    .id
                )
            ),
            "known by the mail": lambda: own.create(self.values(email_from="zueva@example.com")),
            "quick create": lambda: own.create(
                {"name": "Quick", "type": "opportunity", "commercial_partner_id": self.listed.id}
            ),
            "default of the context": lambda: own.with_context(
                default_partner_id=self.listed.id
            ).create(self.values()),
            "form": form,
            "copy": self.open.copy,
            "many at once": lambda: own.create(
                [self.values(partner_id=each.id) for each in (self.other, self.listed)]
            ),
            "give a deal the client": lambda: self.free.with_user(self.ivanov).write(
                {"partner_id": self.listed.id}
            ),
            "give a deal the mail": lambda: self.free.write(
                {"partner_id": False, "email_from": "zueva@example.com"}
            ),
            "assign": lambda: self.open.write({"user_id": self.sidorov.id}),
            "another team": lambda: self.open.write({"team_id": self._make_team("Else").id}),
            "move on": lambda: self.open.with_user(self.ivanov).write(
                {"stage_id": self.presentation.id}
            ),
            "win": self.open.action_set_won,
            "reopen": self.lost.action_restore,
            "unarchive": self.lost.action_unarchive,
            "turn into an opportunity": lambda: self.lead.convert_opportunity(self.listed),
            "convert": convert,
            "mass convert": mass_convert,
            "merge": merge,
        }

    def test_nobody_is_listed_by_a_default(self):
        listed = {"is_sales_blacklisted": True, "sales_blacklist_reason": "x"}
        Partner = self.env["res.partner"].with_user(self.keeper)
        given = {f"default_{name}": value for name, value in listed.items()}
        with self.assertRaises(AccessError):
            Partner.with_context(**given).create({"name": "Somebody"})
        for name, value in listed.items():
            self.env["ir.default"].set("res.partner", name, value, user_id=self.keeper.id)
        with self.assertRaises(AccessError):
            Partner.create({"name": "Somebody"})

    def test_who_is_listed_is_not_deleted_by_others(self):
        contact = self.env["res.partner"].create({"name": "No deals", **BLACKLISTED})
        with self.assertRaises(AccessError), self.cr.savepoint():
            contact.with_user(self.keeper).unlink()
        self.head.group_ids = [fields.Command.link(self.env.ref("base.group_partner_manager").id)]
        contact.with_user(self.head).unlink()
        self.assertFalse(contact.exists())

    def test_every_path(self):
        for name, work in self.refused().items():
            with (
                self.subTest(path=name),
                self.assertRaises(ValidationError) as caught,
                self.cr.savepoint(),
            ):
                work()
            message = str(caught.exception)
            today = fields.Date.to_string(self.env.company._funnel_today())
            for word in (today, "Two invoices unpaid", "Headly", "sales administrator"):
                self.assertIn(word, message, name)
            self.env.invalidate_all()

    def test_every_path_is_open_without(self):
        """The same is possible when enforcement is off, or the client is taken off the list."""
        for how in ("off", "lifted"):
            if how == "off":
                self.set_enforcement("off")
            else:
                self.set_enforcement("on")
                self.listed.with_user(self.head).is_sales_blacklisted = False
            for name, work in self.refused().items():
                with self.subTest(path=name, how=how), self.cr.savepoint() as savepoint:
                    work()
                    savepoint.rollback()
                self.env.invalidate_all()
                self.env.registry.clear_cache()

    def test_what_stays_possible(self):
        deal = self.open.with_user(self.ivanov)
        deal.write({"description": "They owe us", "expected_revenue": 5})
        self.open.write({"user_id": False})
        self.open.action_set_lost(lost_reason_id=self.reason.id)
        self.assertEqual(self.open.won_status, "lost")
        self.lead.action_archive()
        found = self.env["crm.lead"].with_context(active_test=False)
        own = [("team_id", "=", self.team.id)]
        listed = found.search([*own, ("client_is_blacklisted", "=", True)])
        self.assertEqual(listed, self.open | self.lost | self.lead)
        self.assertEqual(found.search([*own, ("client_is_blacklisted", "=", False)]), self.free)
        self.assertTrue(self.open.client_is_blacklisted)
        self.assertFalse(self.free.client_is_blacklisted)

    def test_import_reports_rows(self):
        columns = ["name", "type", "team_id/.id", "partner_id/.id"]
        rows = [
            [f"Row {number}", "opportunity", str(self.team.id), str(partner.id)]
            for number, partner in enumerate((self.other, self.listed, self.other, self.person))
        ]
        result = self.env["crm.lead"].load(columns, rows)
        self.assertFalse(result["ids"])
        messages = {m["rows"]["from"]: m["message"] for m in result["messages"]}
        self.assertEqual(set(messages), {1, 3})
        self.assertIn("Two invoices unpaid", messages[1])
        self.assertTrue(self.env["crm.lead"].load(columns, rows[::2])["ids"])

    def test_mail(self):
        """A mail is kept in the client's chatter, and somebody is told; no lead is made of it."""
        Lead = self.env["crm.lead"]
        before = Lead.search_count([("team_id", "=", self.team.id)])
        for number, (email, leads) in enumerate(
            (("zueva@example.com", 0), ("friend@example.com", 1))
        ):
            with mute_logger("odoo.addons.mail.models.mail_thread"):
                self.env["mail.thread"].message_process(
                    "crm.lead",
                    _MAIL.format(email=email, alias=self.team.alias_email, number=number),
                    custom_values={"team_id": self.team.id},
                )
            made = Lead.search_count([("team_id", "=", self.team.id)]) - before
            self.assertEqual(made, leads, email)
        kept = self.listed.message_ids.filtered(lambda m: m.subject == "We need goods")
        self.assertIn("Please call", kept.body)
        activity = self.listed.activity_ids.filtered(lambda a: a.user_id == self.head)
        self.assertEqual(activity.summary, "A blacklisted client wrote")

    def test_json2(self):
        key = (
            self.env["res.users.apikeys"]
            .with_user(self.ivanov)
            .sudo()
            ._generate("rpc", "test", fields.Datetime.now() + timedelta(days=1))
        )
        answer = self.url_open(
            "/json/2/crm.lead/create",
            data=json.dumps({"vals_list": [self.values(partner_id=self.listed.id)]}),
            headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        self.assertEqual(answer.status_code, 422)
        self.assertIn("Two invoices unpaid", answer.json()["message"])

    def test_assignment_skips_them(self):
        leads = self.env["crm.lead"].create(
            [
                {"name": "Waits", "type": "lead", "team_id": self.team.id, "user_id": False, **each}
                for each in ({"partner_id": self.other.id}, {"email_from": "a@example.com"})
            ]
        )
        domain = self.team._get_lead_to_assign_domain()
        waiting = self.env["crm.lead"].search(
            [*domain, ("id", "in", (leads | self.lead | self.open).ids)]
        )
        self.assertEqual(waiting, leads)

    # -- the blacklist ------------------------------------------------------------------------

    def test_reason_rights_and_stamp(self):
        self.assertEqual(self.listed.sales_blacklisted_by_id, self.head)
        self.assertEqual(self.listed.sales_blacklisted_on, self.env.company._funnel_today())
        for values in (
            {"is_sales_blacklisted": True},
            {"is_sales_blacklisted": True, "sales_blacklist_reason": " "},
        ):
            with self.assertRaisesRegex(ValidationError, "without a reason"), self.cr.savepoint():
                self.other.with_user(self.head).write(values)
        for values in (
            {"is_sales_blacklisted": True, "sales_blacklist_reason": "No"},
            {"sales_blacklist_reason": "No"},
        ):
            with self.assertRaises(AccessError):
                self.other.with_user(self.ivanov).write(values)
        self.listed.with_user(self.head).is_sales_blacklisted = False
        self.assertFalse(self.listed.sales_blacklist_reason)
        self.assertFalse(self.listed.sales_blacklisted_on)
        self.assertFalse(self.person._sales_blacklisted())

    def test_persons_come_and_go(self):
        listed = self.env["res.partner"]._sales_blacklist
        self.assertLessEqual({self.listed.id, self.person.id}, listed()[0])
        loner = self.env["res.partner"].create({"name": "Loner", "email": "loner@example.com"})
        self.assertFalse(loner._sales_blacklisted())
        loner.parent_id = self.listed
        self.assertEqual(loner._sales_blacklisted(), loner)
        self.assertIn("loner@example.com", listed()[1])
        loner.parent_id = self.other
        self.assertFalse(loner._sales_blacklisted())
        self.assertNotIn("loner@example.com", listed()[1])
        self.person.email = "new@example.com"
        self.assertIn("new@example.com", listed()[1])

    def test_no_query_more(self):
        """Leads of other clients are written as fast as without a blacklist."""
        deal = self.free

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            count = self.cr.sql_log_count
            deal.write({"stage_id": self.acquaintance.id, "user_id": self.sidorov.id})
            self.env.flush_all()
            moved = self.cr.sql_log_count - count
            deal.write({"stage_id": self.list.id, "user_id": self.ivanov.id})
            count = self.cr.sql_log_count
            self.env["crm.lead"].create(self.values(partner_id=self.other.id))
            self.env.flush_all()
            return moved, self.cr.sql_log_count - count

        queries()
        queries()
        with_list = queries()
        self.listed.with_user(self.head).is_sales_blacklisted = False
        queries()
        self.assertEqual(with_list, queries())
