import random
from datetime import timedelta
from statistics import median
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..models import crm_client_nightly
from .common import OwnCompanyCase


class ClientCase(OwnCompanyCase):
    """A company of its own with a team, a leader and two farmers, and orders made to measure."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Client = cls.env["crm.client"]
        cls.History = cls.env["crm.client.category.history"]
        cls.farmer = cls.new_user("test_farmer")
        cls.leader = cls.new_user("test_leader")
        cls.head = cls.new_user("test_head", "sales_team.group_sale_manager")
        cls.team = cls.env["crm.team"].create(
            {"name": "Test Farmers", "user_id": cls.leader.id, "company_id": cls.company.id}
        )
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.team.id, "user_id": cls.farmer.id, "sales_role": "farmer"}
        )
        cls.env["ir.config_parameter"].set_param("sales_funnel_control.enforcement", "on")
        cls.product = cls.env["product.product"].create(
            {"name": "Goods", "taxes_id": False, "company_id": cls.company.id}
        )
        cls.today = cls.company._funnel_today()

    def new_client(self, name="Client", purchases=(), **values):
        """An organisation with purchases ``(days ago, amount)``."""
        partner = self.env["res.partner"].create(
            {"name": name, "is_company": True, "farmer_id": self.farmer.id, **values}
        )
        self.sell(partner, purchases)
        return partner

    def sell(self, partner, purchases):
        at_noon = fields.Datetime.to_datetime(self.today) + timedelta(hours=12)
        return self.env["sale.order"].create(
            [
                {
                    "partner_id": partner.id,
                    "company_id": self.company.id,
                    "date_order": at_noon - timedelta(days=days),
                    "state": "sale",
                    "order_line": [
                        Command.create(
                            {"product_id": self.product.id, "price_unit": amount, "tax_ids": False}
                        )
                    ],
                }
                for days, amount in purchases
            ]
        )

    def go_over(self):
        return self.env["crm.client.run"]._go_over(self.company)

    def client(self, partner):
        return self.Client._of(partner, self.company)[partner]

    def commit(self):
        """What happens at the end of a transaction."""
        self.env.cr.precommit.run()

    def transitions(self, partner):
        return [
            (row.category_from, row.category_to)
            for row in self.History.search([("partner_id", "=", partner.id)], order="id")
        ]


@tagged("post_install", "-at_install")
class TestClientCategories(ClientCase):
    """Categories and ratings, by rules and by hand, and what is kept of their changes."""

    def category(self, *days, amount=1, **rules):
        """The category of a client that bought so many days ago, among others that buy more."""
        self.company.write(rules)
        partner = self.new_client(purchases=[(each, amount) for each in days])
        self.go_over()
        return self.client(partner).category

    # -- rules --------------------------------------------------------------------------------

    def test_each_rule_at_its_border(self):
        self.new_client("Other", [(1, 10**6)])
        for expected, days in (
            ("potential", ()),
            ("buyer", (10,)),
            ("buyer", (10, 40, 70)),
            ("regular", (10, 40, 70, 100)),
            # Twelve months ago to the day is no longer within the last twelve.
            ("regular", (10, 40, 70, (self.today - self.year_ago()).days - 1)),
            ("buyer", (10, 40, 70, (self.today - self.year_ago()).days)),
            # A single purchase: 365 days.
            ("buyer", (365,)),
            ("lost", (366,)),
            # Three intervals of 20 are less than the minimum of 180.
            ("regular", (180, 200, 220, 240)),
            ("lost", (181, 201, 221, 241)),
            # Three intervals of 70.
            ("buyer", (210, 280, 350)),
            ("lost", (211, 281, 351)),
        ):
            with self.subTest(days=days):
                self.assertEqual(self.category(*days), expected)

    def year_ago(self):
        return self.today - relativedelta(months=12)

    def test_rules_are_the_companys(self):
        self.new_client("Other", [(1, 10**6)])
        self.assertEqual(self.category(5, 20, client_regular_purchases=2), "regular")
        self.assertEqual(self.category(5, 40, client_regular_months=1), "buyer")
        self.assertEqual(
            self.category(31, 61, client_lost_days=30, client_lost_intervals=1), "lost"
        )
        self.assertEqual(self.category(8, client_lost_single_days=7), "lost")

    def test_key_by_share(self):
        """5 % of the revenue of all, and a regular buyer; one cent less is not enough."""
        self.new_client("Other", [(1, 950)])
        days = (10, 40, 70, 100)
        key = self.new_client("Key", [(each, 12.5) for each in days])
        once = self.new_client("Once", [(10, 0)])
        self.go_over()
        self.assertEqual(self.client(key).revenue_share, 5)
        self.assertEqual(self.client(key).category, "key")
        self.assertEqual(self.client(once).category, "buyer")
        self.sell(once, [(9, 0.5)])
        self.go_over()
        self.assertEqual(self.client(key).category, "regular")

    def test_key_by_rating(self):
        self.company.write({"client_key_share": 100, "client_key_by_rating": True})
        partner = self.new_client(purchases=[(each, 10) for each in (10, 40, 70, 100)])
        self.new_client("Small", [(each, 1) for each in (10, 40, 70, 100)])
        self.go_over()
        self.assertEqual((self.client(partner).rating, self.client(partner).category), ("a", "key"))
        self.company.client_key_by_rating = False
        self.go_over()
        self.assertEqual(self.client(partner).category, "regular")

    def test_deal_won_makes_a_buyer(self):
        partner = self.new_client()
        stage = self.env["crm.stage"].create({"name": "Won", "is_won": True, "sequence": 99})
        self.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "partner_id": partner.id,
                "team_id": self.team.id,
                "user_id": self.farmer.id,
                "stage_id": stage.id,
            }
        )
        self.env.cr.flush()
        self.go_over()
        self.assertEqual(
            (self.client(partner).purchases, self.client(partner).category), (0, "buyer")
        )

    def test_generated_base(self):
        """Categories and ABC of generated orders are those of a plain computation."""
        chance = random.Random("categories")
        bought = {}
        for number in range(24):
            days = sorted(chance.sample(range(700), chance.choice((0, 1, 2, 4, 6))))
            bought[number] = [(each, chance.choice((10, 20, 50, 400, 900))) for each in days]
        partners = {
            number: self.new_client(f"Client {number}", purchases)
            for number, purchases in bought.items()
        }
        self.go_over()
        year = (self.today - self.year_ago()).days
        revenue = {n: sum(a for d, a in bought[n] if d < year) for n in bought}
        total = sum(revenue.values())
        ratings = set()
        for number, purchases in bought.items():
            client = self.client(partners[number])
            above = sum(r for r in revenue.values() if r > revenue[number])
            share = 100 * above / total
            rating = "a" if share < 80 else "b" if share < 95 else "c"
            rating = rating if revenue[number] else False
            days = [each for each, _amount in purchases]
            gaps = [later - earlier for earlier, later in zip(days, days[1:], strict=False)]
            term = 365 if len(days) == 1 else max(180, 3 * median(gaps or [0]))
            late = sum(each < year for each in days)
            if not days:
                category = "potential"
            elif days[0] > term:
                category = "lost"
            elif late < 4:
                category = "buyer"
            else:
                category = "key" if revenue[number] >= total * 0.05 else "regular"
            self.assertEqual((client.category, client.rating), (category, rating), purchases)
            ratings.add(rating)
        self.assertEqual(ratings, {"a", "b", "c", False})

    # -- ratings ------------------------------------------------------------------------------

    def test_score_rules(self):
        tag = self.env["res.partner.category"].create({"name": "Strategic"})
        Rule = self.env["crm.client.score.rule"]
        Rule.search([]).active = False
        Rule.create(
            [
                {
                    "name": "Strategic",
                    "points": 50,
                    "domain": f"[('partner_id.category_id', 'in', [{tag.id}])]",
                    "company_id": self.company.id,
                },
                {"name": "Bought", "points": 20, "domain": "[('purchases', '>', 0)]"},
                {"name": "Abroad", "points": -1, "domain": "[('revenue', '=', 10)]"},
            ]
        )
        big = self.new_client("Big", [(3, 1000)])
        small = self.new_client("Small", [(3, 10)])
        strategic = self.new_client("Strategic", category_id=tag.ids)
        nobody = self.new_client("Nobody")
        for by, expected in (
            ("revenue", ("a", "c", False, False)),
            ("score", ("b", "c", "a", False)),
            ("better", ("a", "c", "a", False)),
        ):
            self.company.client_rating_by = by
            self.go_over()
            clients = [self.client(each) for each in (big, small, strategic, nobody)]
            self.assertEqual(tuple(each.rating for each in clients), expected, by)
            self.assertEqual([each.score for each in clients], [20, 19, 50, 0])
        for domain in ("[('rating', '=', 'a')]", "[('nothing', '=', 1)]", "no domain"):
            with self.assertRaises(ValidationError):
                Rule.create({"name": "Wrong", "domain": domain})

    def test_a_score_tells_nobody_what_they_may_not_read(self):
        Rule = self.env["crm.client.score.rule"].with_user(self.head)
        Rule.create({"name": "Bought", "domain": "[('purchases', '>', 0)]"})
        with self.assertRaises(ValidationError):
            Rule.create({"name": "Portal", "domain": "[('partner_id.signup_type', '!=', False)]"})

    def test_settings_that_contradict(self):
        for values in (
            {"client_share_a": 96},
            {"client_share_b": 101},
            {"client_regular_purchases": 0},
            {"client_score_a": 10},
            {"client_lost_intervals": 0},
        ):
            with self.assertRaises(ValidationError):
                self.company.write(values)

    # -- transitions --------------------------------------------------------------------------

    def test_start_is_no_transition(self):
        old = self.new_client("Old", [(30, 10)])
        self.assertFalse(self.company.client_base_since)
        self.go_over()
        self.assertFalse(self.transitions(old))
        self.assertEqual(self.company.client_base_since, self.today)
        # Orders of long ago that come in later tell of no new buyer; one of today does.
        imported = self.new_client("Imported", [(30, 10)])
        new = self.new_client("New", [(0, 10)])
        self.commit()
        self.assertEqual(self.client(imported).category, "buyer")
        self.assertFalse(self.transitions(imported))
        self.assertEqual(self.transitions(new), [("potential", "buyer")])

    def test_transition_is_noted_once_with_its_manager(self):
        partner = self.new_client(purchases=[(10, 10), (40, 10), (70, 10)])
        self.new_client("Other", [(1, 10**6)])
        self.go_over()
        self.sell(partner, [(1, 10)])
        self.commit()
        self.go_over()
        [row] = self.History.search([("partner_id", "=", partner.id)])
        self.assertEqual((row.category_from, row.category_to), ("buyer", "regular"))
        self.assertEqual((row.user_id, row.team_id), (self.farmer, self.team))
        self.assertEqual((row.sales_role, row.is_manual), ("farmer", False))
        self.assertEqual(row.changed_on, self.today)
        self.assertEqual(row.week_start, self.today - timedelta(days=self.today.weekday()))
        self.assertEqual(row.client_id, self.client(partner))
        for user, sees in ((self.farmer, 1), (self.leader, 1), (self.head, 1)):
            self.assertEqual(len(row.with_user(user).search([("id", "=", row.id)])), sees)
            for operation in ("create", "write", "unlink"):
                self.assertFalse(row.with_user(user).has_access(operation))
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        self.assertFalse(row.with_user(portal).has_access("read"))

    def test_others_are_told(self):
        partner = self.new_client(purchases=[(10, 10)])
        told = []

        def note(clients, before):
            told.extend(
                (client.partner_id, former, client.category, len(self.transitions(partner)))
                for client, former in before.items()
            )

        with patch.object(type(self.Client), "_on_category_changed", note):
            self.go_over()
            self.assertEqual(told, [(partner, False, "buyer", 0)])
            self.go_over()
            self.assertEqual(len(told), 1)
            self.sell(partner, [(1, 1), (2, 1), (3, 1)])
            self.commit()
        self.assertEqual(told[1:], [(partner, "buyer", "key", 1)])

    # -- by hand ------------------------------------------------------------------------------

    def test_manual_category(self):
        partner = self.new_client(purchases=[(10, 10)])
        self.go_over()
        client = self.client(partner)
        with self.assertRaises(AccessError):
            client.with_user(self.farmer).action_set_category("key", "I like them")
        with self.assertRaises(AccessError):
            client.with_user(self.head).manual_category = "key"
        for values in (("key", " "), ("blacklisted", "No"), ("king", "No"), ("key", "x", "soon")):
            with self.assertRaises(UserError):
                client.with_user(self.head).action_set_category(*values)
        with self.assertRaises(UserError):
            client.with_user(self.head).action_set_category(
                "key", "Late", self.today - timedelta(days=1)
            )
        client.with_user(self.leader).action_set_category("key", "A contract is signed")
        self.go_over()
        self.assertEqual((client.category, client.manual_by_id), ("key", self.leader))
        [row] = self.History.search([("partner_id", "=", partner.id)])
        self.assertEqual(
            (row.is_manual, row.reason, row.set_by_id), (True, "A contract is signed", self.leader)
        )
        with self.assertRaises(AccessError):
            client.with_user(self.farmer).action_take_back_category()
        client.with_user(self.head).action_take_back_category()
        self.assertEqual((client.category, client.manual_reason), ("buyer", False))
        self.assertEqual(self.transitions(partner), [("buyer", "key"), ("key", "buyer")])

    def test_manual_category_expires(self):
        partner = self.new_client(purchases=[(10, 10)])
        self.go_over()
        client = self.client(partner)
        until = self.today + timedelta(days=5)
        wizard = self.env["crm.client.category.set"].with_user(self.head)
        wizard.create(
            {"client_ids": client.ids, "category": "lost", "reason": "Closed", "until": until}
        ).action_set()
        for days, category in ((5, "lost"), (6, "buyer")):
            with freeze_time(fields.Datetime.now() + timedelta(days=days)):
                self.go_over()
            self.assertEqual(client.category, category)
        self.assertFalse(client.manual_category)

    def test_blacklist_wins(self):
        partner = self.new_client(purchases=[(10, 10)])
        self.go_over()
        client = self.client(partner)
        client.with_user(self.head).action_set_category("key", "A contract is signed")
        partner.write({"is_sales_blacklisted": True, "sales_blacklist_reason": "Owes us"})
        self.commit()
        self.assertEqual(client.category, "blacklisted")
        partner.is_sales_blacklisted = False
        self.commit()
        self.assertEqual(client.category, "key")

    def test_segments(self):
        industry = self.env["res.partner.industry"].create(
            {"name": "Mills", "is_target_segment": True}
        )
        mill = self.new_client("Mill", [(1, 5)], industry_id=industry.id)
        self.new_client("Other", [(1, 5)])
        self.go_over()
        own = [("company_id", "=", self.company.id)]
        found = self.Client.search([*own, ("is_target_segment", "=", True)])
        self.assertEqual(found.partner_id, mill)
        rows = self.Client._read_group(own, ["industry_id"], ["revenue:sum"])
        self.assertEqual({key.name: revenue for key, revenue in rows}, {"Mills": 5, False: 5})


@tagged("post_install", "-at_install")
class TestClientNightly(ClientCase):
    """The run over the base: in batches, resumable, idempotent; clients follow their contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls("new_client")
        cls.partners = cls.env["res.partner"].union(
            *(case.new_client(f"Client {n}", [(5 + n, 10 * n), (50, 5)]) for n in range(1, 8))
        )
        cls.env.cr.precommit.clear()
        cls.env.flush_all()

    def written(self):
        """``xmin`` of all rows: which writing they are from."""
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT id, xmin, ctid FROM crm_client WHERE company_id = %s", [self.company.id]
        )
        return set(self.env.cr.fetchall())

    def figures(self):
        clients = self.Client.search([("company_id", "=", self.company.id)], order="partner_id")
        return clients.mapped(lambda c: (c.partner_id, c.revenue, c.rating, c.category))

    def test_second_run_writes_nothing(self):
        with patch.object(crm_client_nightly, "_BATCH", 3):
            run = self.go_over_to()
            self.assertTrue(run.finished_at)
            self.assertEqual(run.clients_written, 21)
            before = self.written()
            self.assertEqual(len(before), 7)
            self.go_over_to()
        self.assertEqual(run.clients_written, 0)
        self.assertEqual(self.written(), before)

    def test_stop_and_resume(self):
        """After every possible stop, the rest of the run gives the same."""
        self.go_over()
        expected = self.figures()
        steps = self.Client._nightly_steps()
        with patch.object(crm_client_nightly, "_BATCH", 3):
            places, stop = [], 0
            while True:
                self.Client.search([("company_id", "=", self.company.id)]).unlink()
                run = self.go_over_to(stop)
                if run.finished_at:
                    break
                places.append((run.step, run.last_id > 0))
                for _batch in run._batches():
                    continue
                self.assertEqual(self.figures(), expected)
                self.assertFalse(run.step)
                stop += 1
        # A step that is through is noted as through: the place is the beginning of the next.
        for name in steps[2:]:
            self.assertIn((name, False), places)
        self.assertIn(("figures", True), places)

    def go_over_to(self, stop=None):
        """A run over the partners of the test, stopped after so many batches."""
        Run = self.env["crm.client.run"]
        run = Run.search([("company_id", "=", self.company.id)])
        run = run or Run.create({"company_id": self.company.id, "day": self.today})
        run.write(
            {
                "step": "figures",
                "last_id": self.partners[0].id - 1,
                "finished_at": False,
                "has_marks": False,
                "clients_written": 0,
            }
        )
        for number, _batch in enumerate(run._batches()):
            if number == stop:
                break
        return run

    def test_queries_of_a_batch(self):
        self.go_over()
        self.env["crm.client.score.rule"].search([]).active = False
        ids = self.Client.search([("company_id", "=", self.company.id)]).ids
        marks = self.Client._marks_known(self.company)
        self.env.flush_all()
        for few in (ids[:1], ids):
            with self.assertQueryCount(2, flush=False):
                self.Client._store_ratings(self.company, few, marks)
            with self.assertQueryCount(2, flush=False):
                self.Client._store_categories(self.company, few)

    def test_unfinished_and_old_runs(self):
        Run = self.env["crm.client.run"]
        old, stopped = Run.create(
            [
                {
                    "company_id": self.company.id,
                    "day": self.today - timedelta(days=days),
                    "finished_at": finished,
                }
                for days, finished in ((200, fields.Datetime.now()), (1, False))
            ]
        )
        runs = Run._runs_of_today()
        self.assertFalse(stopped.exists())
        self.assertEqual(runs.filtered(lambda run: run.company_id == self.company).day, self.today)
        Run._gc_runs()
        self.assertFalse(old.exists())
        self.assertTrue(runs.exists())

    def test_partner_of_another_company_or_archived(self):
        self.go_over()
        other, archived = self.partners[:2]
        self.sell(other, [(0, 100)])
        other.company_id = self.env["res.company"].create({"name": "Elsewhere"})
        archived.active = False
        self.sell(archived, [(0, 100)])
        self.env.cr.precommit.clear()
        self.go_over()
        self.assertEqual(self.client(other).revenue, 115)
        self.assertEqual(self.client(archived).revenue, 125)

    def test_manager_follows_at_once(self):
        self.go_over()
        partner = self.partners[0]
        partner.farmer_id = self.head
        self.commit()
        self.assertEqual(self.client(partner).user_id, self.head)
        partner.write({"farmer_id": False, "user_id": self.leader.id})
        self.commit()
        self.assertEqual(self.client(partner).user_id, self.leader)
        # A farmer makes a client of who bought nothing yet.
        new = self.env["res.partner"].create({"name": "New", "is_company": True})
        new.farmer_id = self.farmer
        self.commit()
        self.assertEqual(self.client(new).category, "potential")

    def test_organisation_of_another(self):
        """A client that comes under another is none any more; its orders are the other's."""
        self.go_over()
        branch, head_office = self.partners[0], self.partners[1]
        branch.write({"is_company": False, "parent_id": head_office.id})
        self.commit()
        self.assertFalse(self.Client.search([("partner_id", "=", branch.id)]))
        self.assertEqual(self.client(head_office).revenue, 40)
        self.env.cr.execute(
            "UPDATE res_partner SET parent_id = %s, is_company = FALSE,"
            " commercial_partner_id = %s WHERE id = %s",
            [head_office.id, head_office.id, self.partners[2].id],
        )
        self.env.invalidate_all()
        self.go_over()
        self.assertFalse(self.Client.search([("partner_id", "=", self.partners[2].id)]))
        self.assertEqual(self.client(head_office).revenue, 75)

    def test_merge_of_duplicates(self):
        self.go_over()
        one, two = self.partners[0], self.partners[1]
        two.write({"is_sales_blacklisted": True, "sales_blacklist_reason": "Owes us"})
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((one | two).ids, one)
        self.commit()
        self.assertEqual(self.client(one).revenue, 40)
        self.assertEqual(
            (one.sales_blacklist_reason, len(one._sales_blacklisted())), ("Owes us", 1)
        )
        self.assertEqual(self.client(one).category, "blacklisted")
