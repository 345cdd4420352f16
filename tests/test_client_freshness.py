from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import FunnelCase


class ClientCase(FunnelCase):
    """Clients of two farmers in a team of their own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Client = cls.env["crm.client"]
        cls.company = cls.env.company
        cls.company.write(
            {
                "client_freshness_period": "year",
                "client_freshness_norm": 20,
                "client_freshness_quarter_norm": 25,
                "client_stale_days": 365,
                "client_freshness_with_lost": False,
            }
        )
        cls.today = cls.company._funnel_today()
        cls.head = new_test_user(
            cls.env, "test_head", groups="sales_team.group_sale_manager", name="Headman"
        )
        cls.env["crm.team.member"].search([("crm_team_id", "=", cls.team.id)]).write(
            {"sales_role": "farmer"}
        )

    @classmethod
    def new_clients(cls, count, user=None, days_ago=None, age=1000, **values):
        """Clients of a manager.

        :param days_ago: when their data were verified, None for never
        :param age: days since their contacts were created
        """
        user = user or cls.ivanov
        partners = cls.env["res.partner"].create(
            [
                {
                    "name": f"{user.name} {number}",
                    "is_company": True,
                    "farmer_id": user.id,
                    "verified_on": days_ago is not None and cls.today - timedelta(days=days_ago),
                    **values,
                }
                for number in range(count)
            ]
        )
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE res_partner SET create_date = %s WHERE id = ANY(%s)",
            (fields.Datetime.now() - timedelta(days=age), partners.ids),
        )
        cls.env.invalidate_all()
        cls.Client._refresh(partners, cls.company)
        found = cls.Client._of(partners, cls.company)
        return cls.Client.browse(found[partner].id for partner in partners)

    @classmethod
    def set_category(cls, clients, category):
        clients.sudo().category = category
        clients.flush_recordset()


@tagged("post_install", "-at_install")
class TestVerified(ClientCase):
    """What verifies contact data, and what does not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.client = cls.new_clients(1, phone="+7 495 1", city="Moscow")
        cls.partner = cls.client.partner_id
        cls.person = cls.env["res.partner"].create(
            {"name": "Olga", "parent_id": cls.partner.id, "function": "Buyer"}
        )
        cls.former = cls.today - timedelta(days=500)
        cls.portal = new_test_user(cls.env, "test_portal_client", groups="base.group_portal")

    def forget(self):
        (self.partner | self.person).write({"verified_on": self.former, "verified_by_id": False})

    def test_what_verifies(self):
        mine = self.partner.with_user(self.ivanov)
        person = self.person.with_user(self.ivanov)
        both, firm, none = (True, True), (True, False), (False, False)
        for what, change, expected in (
            ("a phone", lambda: mine.write({"phone": "+7 495 2"}), firm),
            ("the same phone", lambda: mine.write({"phone": "+7 495 2"}), none),
            ("emptied what was empty", lambda: mine.write({"street2": ""}), none),
            ("an address, which its person follows", lambda: mine.write({"city": "Tver"}), firm),
            ("a person's position", lambda: person.write({"function": "Head"}), both),
            ("a new person", lambda: person.create({"name": "Oleg", "parent_id": mine.id}), firm),
            ("a note", lambda: mine.write({"comment": "Calls back"}), none),
            ("by import", lambda: mine.with_context(import_file=True).write({"phone": "1"}), none),
            ("by load", lambda: mine.load([".id", "phone"], [[str(mine.id), "5"]]), none),
            ("by a cron", lambda: mine.with_context(cron_id=1).write({"phone": "2"}), none),
            ("by the system", lambda: mine.sudo().write({"phone": "3"}), none),
            ("the button", mine.action_verify, firm),
            ("the button of a person", person.action_verify, both),
        ):  # fmt: skip
            with self.subTest(what):
                self.forget()
                change()
                found = tuple(p.verified_on == self.today for p in (self.partner, self.person))
                self.assertEqual(found, expected)
                user = self.ivanov if expected[0] else self.env["res.users"]
                self.assertEqual(self.partner.verified_by_id, user)
                self.env.flush_all()
                self.assertEqual(self.client.verified_on, self.partner.verified_on)
                self.assertEqual(self.client.unverified_since, self.partner.verified_on)

    def test_portal_users_do_not_verify(self):
        partner = self.portal.partner_id
        partner.parent_id = self.partner
        self.forget()
        partner.sudo(False).with_user(self.portal).sudo().write({"phone": "77"})
        self.assertFalse(partner.with_user(self.portal)._is_by_hand())
        self.assertEqual(self.partner.verified_on, self.former)

    def test_a_firm_typed_just_now_is_new_not_verified(self):
        firm = self.env["res.partner"].with_user(self.ivanov)
        people = [(0, 0, {"name": "P"})]
        firm = firm.create({"name": "New", "is_company": True, "child_ids": people})
        self.assertFalse(firm.verified_on)

    def test_an_older_check_does_not_replace_a_later_one(self):
        self.partner._mark_verified(self.today - timedelta(days=3), self.sidorov)
        self.assertFalse(self.partner._mark_verified(self.today - timedelta(days=4)))
        self.assertEqual(self.partner.verified_on, self.today - timedelta(days=3))
        self.assertEqual(self.partner.verified_by_id, self.sidorov)

    def test_nobody_but_administrators_sets_the_day(self):
        for values in ({"verified_on": "2026-01-01"}, {"verified_by_id": self.sidorov.id}):
            with self.assertRaisesRegex(AccessError, "sales administrators"):
                self.partner.with_user(self.ivanov).write(values)
            with self.assertRaisesRegex(AccessError, "sales administrators"):
                self.env["res.partner"].with_user(self.ivanov).create({"name": "X", **values})
        self.head.group_ids |= self.env.ref("base.group_partner_manager")
        self.partner.with_user(self.head).verified_on = "2026-01-01"
        self.assertEqual(str(self.partner.verified_on), "2026-01-01")

    def test_a_contact_with_the_tick_verifies_on_its_day(self):
        day = fields.Datetime.now() - timedelta(days=5)
        for state, checked, expected in (
            ("to_confirm", True, False),
            ("done", False, False),
            ("done", True, True),
        ):
            self.forget()
            log = self.env["crm.contact.log"].create(
                {
                    "kind": "outgoing_call",
                    "contact_id": self.person.id,
                    "user_id": self.ivanov.id,
                    "date": day,
                    "state": state,
                    "data_checked": checked,
                }
            )
            on = self.company._funnel_date(day) if expected else self.former
            self.assertEqual((self.partner | self.person).mapped("verified_on"), [on, on])
        self.assertEqual(self.partner.verified_by_id, self.ivanov)
        self.forget()
        log.data_checked = False
        log.data_checked = True
        self.assertEqual(self.partner.verified_on, self.company._funnel_date(day))

    def test_a_merge_is_no_check(self):
        twin = self.new_clients(1, days_ago=30).partner_id
        twin.phone = "99"
        self.partner.verified_on = False
        merge = self.env["base.partner.merge.automatic.wizard"].with_user(self.head)
        self.head.group_ids |= self.env.ref("base.group_partner_manager")
        merge.create({})._merge((self.partner | twin).ids, self.partner.with_user(self.head))
        self.assertEqual(self.partner.verified_on, self.today - timedelta(days=30))

    def test_verifying_many_is_cheap(self):
        partners = self.new_clients(200).partner_id
        self.env.flush_all()
        self.env.invalidate_all()
        clients = self.Client.with_user(self.head).with_context(tracking_disable=False)
        clients = clients.search([("partner_id", "in", partners.ids)])
        with self.assertQueryCount(25):
            clients.action_verify()
            self.env.flush_all()
        self.assertEqual(set(partners.mapped("verified_on")), {self.today})

    def test_the_chatter_tells_of_a_single_check(self):
        partner = self.partner.with_context(tracking_disable=False).with_user(self.ivanov)
        self.env.flush_all()
        before = partner.message_ids
        partner.action_verify()
        self.env.cr.precommit.run()
        told = (partner.message_ids - before).sudo().tracking_value_ids
        self.assertIn("verified_on", told.field_id.mapped("name"))


@tagged("post_install", "-at_install")
class TestFreshness(ClientCase):
    """How much of the base is verified, and who is to be called first."""

    def figures(self, domain=(), group="user_id"):
        return {
            key.name if hasattr(key, "name") else key: (clients, verified, stale, rate, gap)
            for key, clients, verified, stale, rate, gap in self.env[
                "crm.client.freshness"
            ]._read_group(
                [("user_id", "in", (self.ivanov | self.sidorov).ids), *domain],
                [group],
                ["clients:sum", "verified:sum", "stale:sum", "freshness_rate:avg", "norm_gap:avg"],
            )
        }

    def test_figures_are_those_of_a_plain_count(self):
        for days, count, user in (
            (10, 3, self.ivanov),
            (100, 2, self.ivanov),
            (400, 4, self.ivanov),
            (200, 1, self.sidorov),
            (800, 6, self.sidorov),
        ):
            self.new_clients(count, user, days)
        never = self.new_clients(2, self.sidorov, age=500)
        young = self.new_clients(1, self.sidorov, age=20)
        self.assertEqual(
            self.figures(),
            {
                "Ivanenko": (9, 5, 4, 100 * 5 / 9, 100 * 5 / 9 - 20),
                "Sidorenko": (10, 1, 8, 10, -10),
            },
        )
        # Never the average of the managers' shares.
        total = self.figures(group="company_id")[self.company.name]
        self.assertAlmostEqual(total[3], 100 * 6 / 19)
        self.assertAlmostEqual(total[4], 100 * 6 / 19 - 20)
        board = self.Client._freshness(self.company, fields.Domain("team_id", "=", self.team.id))
        self.assertEqual(
            (board["clients"], board["verified"], board["stale"]), (total[0], total[1], total[2])
        )
        self.assertAlmostEqual(board["rate"], total[3])
        self.assertTrue(all(never.mapped("is_stale")))
        self.assertFalse(young.is_stale)
        self.company.client_freshness_period = "quarter"
        self.assertEqual(self.figures()["Ivanenko"][:2], (9, 3))
        self.assertAlmostEqual(self.figures()["Ivanenko"][4], 100 * 3 / 9 - 25)

    def test_borders(self):
        year = (self.today - fields.Date.subtract(self.today, years=1)).days
        for days, verified, stale in (
            (year - 1, True, year - 1 >= 365),
            (year, False, True),
            (364, year > 364, False),
            (365, year > 365, True),
        ):
            client = self.new_clients(1, days_ago=days)
            self.assertEqual((client.is_verified, client.is_stale), (verified, stale), days)
            for name, expected in (("is_verified", verified), ("is_stale", stale)):
                for value in (True, False):
                    found = self.Client.search([("id", "=", client.id), (name, "=", value)])
                    self.assertEqual(bool(found), value == expected, (days, name, value))
        client = self.new_clients(1, age=365)
        self.assertEqual((client.days_unverified, client.is_stale), (365, True))

    def test_who_is_in_the_base(self):
        kept, lost, black = self.new_clients(3, days_ago=900)
        self.set_category(lost, "lost")
        self.set_category(black, "blacklisted")
        self.assertEqual(self.figures()["Ivanenko"][0], 1)
        self.assertEqual([c.is_stale for c in (kept, lost, black)], [True, False, False])
        self.company.client_freshness_with_lost = True
        self.env.invalidate_all()
        self.assertEqual(self.figures()["Ivanenko"][0], 2)
        self.assertEqual([c.is_stale for c in (kept, lost, black)], [True, True, False])

    def test_who_is_to_be_called_first(self):
        clients = self.new_clients(4, days_ago=400) | self.new_clients(1, days_ago=900)
        for client, revenue in zip(clients, (100, 0, 5000, 300, 0), strict=True):
            client.sudo().revenue = revenue
        clients[3].sudo().revenue_before = 900
        self.env.flush_all()
        found = self.Client.search([("id", "in", clients.ids)], order="verification_worth desc, id")
        worth = [
            (1 + client.revenue + client.revenue_before) * client.days_unverified
            for client in clients
        ]
        self.assertEqual(clients.mapped("verification_worth"), worth)
        pairs = sorted(zip(worth, clients, strict=True), key=lambda pair: -pair[0])
        expected = [client for _worth, client in pairs]
        self.assertEqual(list(found), expected)
        self.assertEqual(found[0].revenue, 5000)

    def test_a_second_run_writes_nothing(self):
        clients = self.new_clients(3, days_ago=50)
        ids = clients.partner_id.ids
        self.assertFalse(self.Client._store_figures(self.company, ids))
        self.env.cr.execute(
            "UPDATE crm_client SET verified_on = NULL, unverified_since = NULL WHERE id = %s",
            (clients[0].id,),
        )
        self.env.invalidate_all()
        self.assertEqual(self.Client._store_figures(self.company, ids), clients[0].ids)
        self.assertEqual(clients[0].unverified_since, self.today - timedelta(days=50))

    def test_who_sees_what(self):
        self.new_clients(2, self.ivanov, 10)
        self.new_clients(3, self.sidorov, 10)
        report = self.env["crm.client.freshness"]
        domain = [("user_id", "in", (self.ivanov | self.sidorov).ids)]
        self.assertEqual(report.with_user(self.ivanov).search_count(domain), 2)
        self.assertEqual(report.with_user(self.head).search_count(domain), 5)
        self.team.user_id = self.sidorov
        self.assertEqual(report.with_user(self.sidorov).search_count(domain), 5)
        portal = new_test_user(self.env, "test_portal_2", groups="base.group_portal")
        for model in ("crm.client.freshness", "crm.client.bulk", "crm.client.bulk.line"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])

    def test_the_board_says_it(self):
        self.new_clients(1, self.ivanov, 10)
        self.new_clients(3, self.ivanov, 700)
        self.new_clients(1, self.sidorov, 10)
        Board = self.env["crm.control.board"]
        for user, expected in ((self.head, (5, 2, 3, 40)), (self.ivanov, (4, 1, 3, 25))):
            figure = Board.with_user(user).get_board(team_id=self.team.id)["freshness"]
            names = ("clients", "verified", "stale", "rate")
            self.assertEqual(tuple(figure[name] for name in names), expected)
            self.assertEqual((figure["norm"], figure["period"]), (20, "year"))
            for kind, count in zip(("base", "verified", "stale"), expected[:3], strict=True):
                action = Board.with_user(user).get_freshness_action(self.team.id, kind=kind)
                found = self.Client.with_user(user).search_count(action["domain"])
                self.assertEqual(found, count)
        empty = Board.get_board(team_id=self.team.id, role="hunter")["freshness"]
        self.assertEqual((empty["clients"], empty["rate"], empty["gap"]), (0, False, False))
        with self.assertRaisesRegex(UserError, "base, verified, stale"):
            Board.get_freshness_action(self.team.id, kind="other")

    def test_rules_make_sense(self):
        for values in (
            {"client_freshness_norm": 101},
            {"client_freshness_quarter_norm": -1},
            {"client_stale_days": 0},
        ):
            with self.assertRaises(ValidationError):
                self.company.write(values)
