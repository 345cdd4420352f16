from datetime import timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..models import crm_client_nightly
from ..tools import purchases
from .common import BLACKLISTED
from .watch import WatchCase


@tagged("post_install", "-at_install")
class TestWatch(WatchCase):
    def test_figures_as_counted_by_hand(self):
        client = self.make_client()
        person = self.env["res.partner"].create({"name": "Anna", "parent_id": client.id})
        self.buy(client, [(200, 100), (169, 100), (110, 100), (45, 100)])
        self.buy(person, [(140, 100), (75, 100)])
        self.refresh(person)
        row = self.client(client)
        days = sorted(self.today - timedelta(days=ago) for ago in (200, 169, 140, 110, 75, 45))
        watched = purchases.watch(days, 0.1)
        self.assertEqual(
            (row.due_on, row.overdue_on, row.own_gaps, row.interval_days),
            (watched.due_on, watched.overdue_on, 5, watched.own.interval),
        )
        self.assertAlmostEqual(row.own_spread, watched.own.spread, places=3)
        self.assertAlmostEqual(row.spread_days, purchases.spread_days(watched.own, 0.1), places=1)
        self.assertFalse(row.trend)

    def test_two_purchases_tell_nothing(self):
        client = self.make_client()
        orders = self.rhythm(client, 90, count=3)
        self.refresh(client)
        self.assertTrue(self.client(client).overdue_on)
        orders[0].action_cancel()
        self.refresh(client)
        row = self.client(client)
        self.assertEqual((row.overdue_on, row.due_on, row.own_gaps), (False, False, 0))

    def test_overdue_on_the_very_day(self):
        """Six punctual purchases a month apart: overdue on a certain day, and not before."""
        days = purchases.days_until_overdue(purchases.Rhythm(30, 0.0, 5), 0.1)
        early, late = self.make_client("Early"), self.make_client("Late")
        self.rhythm(early, days - 1)
        self.rhythm(late, days)
        signals = self.raise_signals(early, late)
        self.assertEqual(signals.mapped("partner_id.name"), ["Late"])
        self.assertEqual(self.client(late).is_overdue, True)
        self.assertEqual(self.client(early).is_overdue, False)
        found = self.Client.search(
            [("is_overdue", "=", True), ("partner_id", "in", (early + late).ids)]
        )
        self.assertEqual(found.partner_id, late)

    def test_who_is_long_gone_is_no_signal(self):
        days = purchases.days_until_overdue(purchases.Rhythm(30, 0.0, 5), 0.1) + 30
        fresh, gone = self.make_client("Fresh"), self.make_client("Gone")
        self.rhythm(fresh, days - 1)
        self.rhythm(gone, days)
        self.assertEqual(self.raise_signals(fresh, gone).partner_id, fresh)

    def test_manager_of_another_company(self):
        """Who cannot work in the company gets no deal of it; nor has it a foreign client."""
        other = self.env["res.company"].create({"name": "Other (test)"})
        stranger = new_test_user(
            self.env,
            "test_watch_stranger",
            "sales_team.group_sale_salesman",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.farmers.user_id = self.ivanov
        shared = self.make_client("Shared", farmer_id=False, user_id=stranger.id)
        theirs = self.make_client("Theirs", farmer_id=False)
        for client in (shared, theirs):
            self.rhythm(client, 45)
        self.refresh(shared, theirs)
        theirs.company_id = other
        signals = self.raise_signals(shared, theirs)
        self.assertEqual(signals.partner_id, shared)
        lead = signals.lead_id
        self.assertTrue(lead.user_id, "the head of the team it is worked in")
        self.assertEqual(lead.user_id, lead.team_id.user_id)
        self.assertNotEqual(lead.user_id, stranger)

    def test_one_company_does_not_stop_the_others(self):
        Run = type(self.env["crm.client.run"])
        gone_over = []

        def go_on(run, remaining):
            gone_over.append(run.company_id)
            if len(gone_over) == 1:
                raise UserError("Something of the first company")
            return True

        self.env["crm.client.run"].search([]).unlink()
        self.env["res.company"].create({"name": "Second (test)"})
        with (
            self.enter_registry_test_mode(),
            patch.object(Run, "_go_on", go_on),
            mute_logger("odoo.addons.sales_funnel_control.models.crm_client_run"),
        ):
            self.env.ref("sales_funnel_control.ir_cron_go_over_clients").method_direct_trigger()
        self.assertGreater(len(gone_over), 1)

    def test_overdue_opens_a_deal_with_a_next_step(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        lead = signal.lead_id
        self.assertEqual((lead.team_id, lead.user_id), (self.farmers, self.petrova))
        self.assertEqual(lead.stage_id, self.farm_stages[0])
        self.assertEqual((lead.partner_id, lead.expected_revenue), (client, 100))
        self.assertEqual(lead.activity_ids, signal.activity_id)
        self.assertEqual(signal.activity_id.user_id, self.petrova)
        self.assertEqual(signal.activity_id.date_deadline, self.today + timedelta(days=3))
        self.assertEqual(
            (signal.interval_days, signal.days_since, signal.revenue, signal.user_id),
            (30, 45, 600, self.petrova),
        )
        self.assertIn("45 days ago", signal.text)

    def test_once_for_each_last_purchase(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        self.assertFalse(self.raise_signals(client))
        self.assertEqual(len(self.signals(client).lead_id), 1)
        values = {
            "client_id": signal.client_id.id,
            "partner_id": client.id,
            "company_id": self.company.id,
            "kind": "overdue",
            "episode": signal.episode,
            "raised_on": self.today,
        }
        self.assertFalse(self.Signal.sudo()._raise([values]), "Another process was faster")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.Signal.sudo().create(values)

    def test_deal_in_work_gets_no_second(self):
        client, other = self.make_client(), self.make_client("Other")
        own = self.new_lead(
            self.farm_stages[0], self.petrova, team_id=self.farmers.id, partner_id=client.id
        )
        foreign = self.new_lead(partner_id=other.id)
        for each in (client, other):
            self.rhythm(each, 45)
        signals = self.raise_signals(client, other)
        by_client = {signal.partner_id: signal for signal in signals}
        self.assertEqual(by_client[client].lead_id, own)
        self.assertFalse(by_client[other].lead_id)
        self.assertEqual(by_client[other].activity_id.res_id, other.id)
        self.assertEqual(self.env["crm.lead"].search([("partner_id", "=", other.id)]), foreign)

    def test_settings_decide_what_opens(self):
        for action, has_lead, has_activity in (
            ("none", False, False),
            ("activity", False, True),
            ("opportunity", True, True),
        ):
            self.company.signal_overdue = action
            client = self.make_client(action)
            self.rhythm(client, 45)
            signal = self.raise_signals(client)
            self.assertEqual(
                (bool(signal.lead_id), bool(signal.activity_id)), (has_lead, has_activity), action
            )
        with self.assertRaises(ValidationError):
            self.company.signal_trend_minimum = 0

    def test_nobody_works_with_the_blacklisted(self):
        client = self.make_client(**BLACKLISTED)
        self.rhythm(client, 45)
        self.assertFalse(self.raise_signals(client))
        self.assertFalse(self.client(client)._open_opportunity("Seminar"))
        client.is_sales_blacklisted = False
        self.company.signal_overdue = "none"
        signal = self.raise_signals(client)
        client.write(BLACKLISTED)
        with self.assertRaisesRegex(UserError, "blacklisted"):
            signal.with_user(self.petrova).action_open_deal()

    def test_head_of_the_team_where_nobody_is_in_charge(self):
        self.farmers.user_id = self.sidorov
        client = self.make_client()
        self.rhythm(client, 45)
        self.refresh(client)
        self.petrova.active = False
        self.assertEqual(self.raise_signals(client).user_id, self.sidorov)

    def test_falling_once_until_steady(self):
        client = self.make_client()
        amounts = [50, 52, 48, 51, 100, 104, 98, 101, 99, 103, 97, 100, 102]
        orders = self.buy(client, [(10 + 30 * n, amount) for n, amount in enumerate(amounts)])
        signal = self.raise_signals(client)
        self.assertEqual(signal.kind, "falling")
        row = self.client(client)
        expected = purchases.trend(
            [-(10 + 30 * n) for n in reversed(range(len(amounts)))], amounts[::-1]
        )
        self.assertEqual(row.trend, expected.direction)
        self.assertAlmostEqual(row.trend_percent, expected.percent, places=1)
        self.assertEqual(signal.percent, row.trend_percent)
        self.assertEqual(signal.activity_id.res_id, client.id, "An activity, no deal")
        self.assertFalse(self.raise_signals(client))
        # Steady for a day, then falling again.
        orders[:4].order_line.price_unit = 100
        self.assertFalse(self.raise_signals(client))
        self.assertEqual(row.trend, "steady")
        orders[:4].order_line.price_unit = 50
        self.refresh(client)
        self.env.cr.execute(
            "UPDATE crm_client SET trend_since = trend_since + 1 WHERE id = %s", [row.id]
        )
        row.invalidate_recordset()
        self.assertEqual(self.raise_signals(client).kind, "falling")

    def test_new_need(self):
        client, starter = self.make_client(), self.make_client("Starter")
        self.rhythm(client, 10)
        self.rhythm(starter, 10, count=2)
        glue = self.env["product.category"].create({"name": "Glue (test)"})
        product = self.env["product.product"].create({"name": "Glue", "categ_id": glue.id})
        for each in (client, starter):
            self.buy(each, [(2, 70)], product, state="draft")
        signal = self.raise_signals(client, starter)
        self.assertEqual((signal.kind, signal.partner_id), ("new_need", client))
        self.assertEqual(signal.product_category_id, glue)
        self.assertTrue(signal.lead_id)
        # The order that follows the quotation is the same need.
        self.buy(client, [(1, 70)], product)
        self.assertFalse(self.raise_signals(client))

    def test_buying_again_closes_at_once(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        activity = signal.activity_id
        order = self.buy(client, [(0, 250)], state="draft")
        self.refresh(client)
        self.assertEqual(signal.state, "new", "A quotation is no purchase")
        order.action_confirm()
        self.env.cr.precommit.run()
        self.assertEqual((signal.state, signal.result), ("done", "bought"))
        self.assertEqual((signal.bought_on, signal.revenue_after), (self.today, 250))
        self.assertFalse(signal.worked_on, "It bought by itself")
        self.assertFalse(activity.exists().filtered("active"))

    def test_purchases_count_for_a_time(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        self.assertEqual(signal.until_on, self.today + timedelta(days=90))
        self.env.cr.execute(
            "UPDATE crm_client_signal SET raised_on = %s, until_on = %s WHERE id = %s",
            [self.today - timedelta(days=20), self.today - timedelta(days=5), signal.id],
        )
        signal.invalidate_recordset()
        self.buy(client, [(21, 1), (20, 10), (5, 100), (4, 1000)])
        signal._follow(self.company)
        self.assertEqual((signal.revenue_after, signal.result), (110, "bought"))

    def test_did_not_buy(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        for days, expected in ((0, "waiting"), (1, "not_bought")):
            self.env.cr.execute(
                "UPDATE crm_client_signal SET until_on = %s WHERE id = %s",
                [self.today - timedelta(days=days), signal.id],
            )
            signal.invalidate_recordset()
            signal._follow(self.company)
            self.assertEqual(signal.result, expected)

    def test_work(self):
        client, other = self.make_client(), self.make_client("Other")
        for each in (client, other):
            self.rhythm(each, 45)
        self.company.signal_overdue = "activity"
        listed = self.raise_signals(other)
        self.company.signal_overdue = "opportunity"
        signal = self.raise_signals(client)
        listed.activity_id.with_user(self.petrova).action_feedback(feedback="Called")
        self.assertEqual((listed.state, listed.worked_on), ("done", self.today))
        signal.activity_id.with_user(self.petrova).action_feedback(feedback="Called")
        self.assertEqual((signal.state, signal.worked_on), ("in_work", self.today))
        signal.lead_id.action_set_won()
        self.env.flush_all()
        signal._follow(self.company)
        self.assertEqual(signal.state, "done")

    def test_contact_is_work(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        self.env["crm.contact.log"].create(
            {
                "kind": "outgoing_call",
                "partner_id": client.id,
                "user_id": self.petrova.id,
                "date": fields.Datetime.now(),
                "result": "Talked",
            }
        )
        self.env.flush_all()
        signal._follow(self.company)
        self.assertEqual((signal.state, signal.worked_on), ("in_work", self.today))

    def test_dismiss_says_why(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        activity = signal.activity_id
        action = signal.with_user(self.petrova).action_dismiss()
        wizard = self.env[action["res_model"]].with_user(self.petrova)
        wizard = wizard.with_context(**action["context"])
        with self.assertRaises(UserError):
            wizard.create({"reason": " "}).action_dismiss()
        form = Form(wizard)
        form.reason = "Stands still until March"
        form.save().action_dismiss()
        self.assertEqual(signal.state, "dismissed")
        self.assertEqual(signal.dismiss_reason, "Stands still until March")
        self.assertFalse(activity.exists().filtered("active"))
        self.assertFalse(self.raise_signals(client))

    def test_second_run_writes_nothing(self):
        clients = [self.make_client(f"Client {number}") for number in range(3)]
        for since, client in zip((10, 45, 46), clients, strict=True):
            self.rhythm(client, since)
        self.env.flush_all()
        Run = self.env["crm.client.run"]
        self.company.client_base_since = False
        Run._go_over(self.company)
        known = [("partner_id", "in", [each.id for each in clients])]
        self.assertFalse(self.Signal.search(known), "An installation opens no deals.")
        with patch.object(crm_client_nightly, "_BATCH", 100):
            Run._go_over(self.company)
        count = self.Signal.search_count([("partner_id", "in", [each.id for each in clients])])
        self.assertEqual(count, 2)
        leads = self.env["crm.lead"].search_count([])
        run = Run._go_over(self.company)
        before = run.clients_written
        run = Run._go_over(self.company)
        self.assertEqual(run.clients_written, before)
        self.assertEqual(self.env["crm.lead"].search_count([]), leads)

    def test_many_signals_take_few_queries(self):
        """The queries of raising do not grow with the clients; each deal costs its own."""
        self.company.signal_overdue = "none"
        counts = []
        for size in (2, 8):
            clients = [self.make_client(f"Client {size} {n}") for n in range(size)]
            for client in clients:
                self.rhythm(client, 45, count=3)
            self.refresh(*clients)
            rows = self.Client.union(*(self.client(client) for client in clients)).sudo()
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            raised = self.Signal.sudo()._raise(self.Signal.sudo()._found(self.company, rows))
            counts.append(self.env.cr.sql_log_count - before)
            self.assertEqual(len(raised), size)
        self.assertEqual(*counts)

    def test_who_sees_what(self):
        client = self.make_client()
        self.rhythm(client, 45)
        signal = self.raise_signals(client)
        self.farmers.user_id = self.sidorov
        manager = new_test_user(self.env, "test_all", groups="sales_team.group_sale_manager")
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        abroad = self.env["res.company"].create({"name": "Abroad (test)"})
        stranger = new_test_user(
            self.env,
            "test_stranger",
            groups="sales_team.group_sale_manager",
            company_id=abroad.id,
            company_ids=[fields.Command.set(abroad.ids)],
        )
        for model in ("crm.client.signal", "crm.client.signal.report"):
            for user, count in (
                (self.petrova, 1),
                (self.sidorov, 1),
                (self.ivanov, 0),
                (manager, 1),
                (stranger, 0),
            ):
                found = self.env[model].with_user(user).search([("partner_id", "=", client.id)])
                self.assertEqual(len(found), count, (model, user.name))
            with self.assertRaises(AccessError):
                self.env[model].with_user(portal).search([])
        for user in (self.ivanov, portal, stranger):
            for call in ("action_open_deal", "action_take", "action_done"):
                with self.assertRaises(AccessError):
                    getattr(signal.with_user(user), call)()
        with self.assertRaises(AccessError):
            signal.with_user(self.petrova).write({"state": "done"})
        self.assertEqual(client.with_user(self.petrova).signal_count, 1)
        self.assertEqual(client.with_user(self.ivanov).signal_count, 0)

    def test_report(self):
        clients = [self.make_client(f"Client {number}") for number in range(4)]
        for client in clients:
            self.rhythm(client, 45)
        signals = self.raise_signals(*clients)
        past = self.today - timedelta(days=10)
        over = self.today - timedelta(days=1)
        for signal, values in zip(
            signals,
            (
                {"worked_on": past + timedelta(days=3), "result": "bought", "until_on": over},
                {"worked_on": past + timedelta(days=4), "result": "not_bought", "until_on": over},
                # Bought early: its time is not over, the rate waits for the others.
                {"result": "bought", "revenue_after": 500},
                {"state": "dismissed"},
            ),
            strict=True,
        ):
            signal.write({"raised_on": past, "term_on": past + timedelta(days=3), **values})
        self.env.flush_all()
        [figures] = self.env["crm.client.signal.report"]._read_group(
            [("signal_id", "in", signals.ids)],
            [],
            [
                "raised:sum",
                "worked:sum",
                "worked_rate:avg",
                "in_time_rate:avg",
                "bought_rate:avg",
                "revenue_at_risk:sum",
                "revenue_after:sum",
            ],
        )
        self.assertEqual(
            [round(figure, 2) for figure in figures], [4, 2, 66.67, 33.33, 50, 2400, 500]
        )

    def test_back_test_as_counted_by_hand(self):
        clients = [self.make_client(f"Client {number}") for number in range(2)]
        self.rhythm(clients[0], 20, count=8)
        self.buy(clients[1], [(ago, 100) for ago in (400, 370, 340, 295, 265)])
        self.refresh(*clients)
        Backtest = self.env["crm.client.watch.backtest"].with_user(self.petrova)
        action = Backtest.action_compute()
        [(intervals, warned, lost, false_alarms, days_early)] = Backtest._read_group(
            action["domain"],
            [],
            ["intervals:sum", "warned:sum", "lost:sum", "false_alarms:sum", "days_early:avg"],
        )
        judged = []
        for client in clients:
            days = sorted(
                order.date_order.date()
                for order in self.env["sale.order"].search([("partner_id", "=", client.id)])
            )
            judged += purchases.back_test(days, self.today, 0.1, 3)
        self.assertEqual(intervals, len(judged))
        self.assertEqual(warned, sum(each.is_warned for each in judged))
        self.assertEqual(lost, sum(each.is_lost for each in judged))
        self.assertEqual((lost, false_alarms), (1, 1))
        self.assertEqual(days_early, next(e.days_early for e in judged if e.days_early))
        others = self.env["crm.client.watch.backtest"].with_user(self.ivanov)
        self.assertFalse(others.search(action["domain"]))
