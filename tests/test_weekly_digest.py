from datetime import datetime, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import html2plaintext, mute_logger

from ..reports.figure_svg import figure_svg
from ..tools import figure, weekly_digest
from .common import FunnelCase
from .weekly_review import WEEK, make_review

SALESPERSON = "sales_team.group_sale_salesman"
MONDAY_MORNING = datetime(2026, 6, 8, 8, 30)


class DigestCase(FunnelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.head = new_test_user(cls.env, "test_head", groups="sales_team.group_sale_manager")
        cls.env["res.company"].search([]).weekly_digest = False
        cls.env.company.write({"weekly_digest": True, "funnel_tz": "UTC"})
        cls.review = make_review(cls)
        cls.Digest = cls.env["crm.weekly.review.digest"]

    def mails(self, user=None):
        """The e-mails of the review to a user, or to all."""
        mails = self.env["mail.mail"].search(
            [
                ("model", "=", "crm.weekly.review.digest"),
                ("res_id", "in", self.Digest.search([("review_id", "=", self.review.id)]).ids),
            ]
        )
        return mails.filtered(lambda mail: not user or mail.recipient_ids == user.partner_id)


@tagged("post_install", "-at_install")
class TestWeeklyDigest(DigestCase):
    def test_everybody_gets_their_own_once(self):
        sent = self.review._send_digest()
        self.assertEqual(sent.user_id, self.head | self.ivanov | self.sidorov)
        self.assertEqual(sent.filtered("is_head").user_id, self.head)
        self.assertEqual(len(self.mails()), 3)
        self.assertFalse(self.review._send_digest())
        self.assertEqual(len(self.mails()), 3)
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"), self.cr.savepoint():
            sent[0].copy()

    def test_head_reads_everybody(self):
        self.review._send_digest()
        mail = self.mails(self.head)
        self.assertEqual(mail.subject, self.review.display_name)
        text = html2plaintext(mail.body_html)
        for words in (
            "Ivanenko",
            "Sidorenko",
            "Word of Sidorenko",
            "No budget",
            "Read the contract",
        ):
            self.assertIn(words, text)
        self.assertIn(f"/odoo/crm.weekly.review/{self.review.id}", mail.body_html)
        for rate in ("▼ 80 %", "▼ 70 %", "95 %", "target 80 %"):
            self.assertIn(rate, text)

    def test_manager_reads_no_colleagues(self):
        self.review._send_digest()
        body = self.mails(self.ivanov).body_html
        self.assertNotIn("Sidorenko", body)
        self.assertNotIn("Word of", body)
        self.assertNotIn("Read the contract", body)
        text = html2plaintext(body)
        self.assertIn("Cause of Ivanenko", text)
        self.assertIn("Clients on Monday", text)
        told = weekly_digest.for_manager(
            self.review.get_review(), self.review.line_ids[0].ids, self.ivanov.id
        )
        self.assertEqual(told["totals"]["opening"], 20)
        self.assertEqual([line["id"] for line in told["lines"]], self.review.line_ids[0].ids)
        self.assertIn("Read the contract", self.mails(self.sidorov).body_html)

    def test_namesakes_read_no_decisions_of_each_other(self):
        self.sidorov.name = self.ivanov.name
        self.review.line_ids.manager_name = self.ivanov.name
        self.review.decision_ids.manager_name = self.ivanov.name
        self.review.decision_ids.copy({"user_id": False, "note": "All read the price list"})
        self.review._send_digest()
        mine, other = self.mails(self.ivanov).body_html, self.mails(self.sidorov).body_html
        self.assertNotIn("Read the contract", mine)
        self.assertIn("Read the contract", other)
        for body in (mine, other):
            self.assertIn("All read the price list", body)

    def test_who_leads_no_more_reads_nobody(self):
        self.head.write({"group_ids": [(6, 0, self.env.ref(SALESPERSON).ids)]})
        self.team.user_id = self.head
        self.assertEqual(self.review._digest_head(), self.head)
        self.team.user_id = self.sidorov
        self.env["crm.weekly.review.line"].create(
            {"review_id": self.review.id, "user_id": self.head.id, "manager_name": "Former head"}
        )
        self.review.invalidate_recordset(["line_ids", "seat_ids"])
        self.review.with_user(self.head).action_send_me_digest()
        self.assertNotIn("Ivanenko", self.mails(self.head).body_html)
        sent = self.review._send_digest()
        self.assertEqual(sent.user_id, self.head | self.ivanov | self.sidorov)
        self.assertEqual(sent.filtered("is_head").user_id, self.sidorov)

    def test_who_does_not_want_or_cannot_get_it(self):
        self.ivanov.with_user(self.ivanov).weekly_digest = False
        self.sidorov.email = False
        self.assertEqual(self.review._send_digest().user_id, self.head)
        self.head.active = False
        other = make_review(self, week_start=WEEK - timedelta(days=7))
        self.assertFalse(other._send_digest())

    def test_language_of_the_recipient(self):
        self.env["res.lang"]._activate_lang("ru_RU")
        self.ivanov.lang = "ru_RU"
        template = self.env.ref("sales_funnel_control.mail_template_weekly_review")
        template.with_context(lang="ru_RU").subject = "Неделя: {{ object.review_id.display_name }}"
        self.review._send_digest()
        self.assertTrue(self.mails(self.ivanov).subject.startswith("Неделя: "))
        self.assertFalse(self.mails(self.sidorov).subject.startswith("Неделя: "))

    def cron(self, moment):
        with freeze_time(moment), patch.object(type(self.env["ir.cron"]), "_commit_progress"):
            self.env["crm.weekly.review"]._cron_send_digest()
        return self.Digest.search_count([("review_id", "=", self.review.id)])

    def due(self, moment):
        with freeze_time(moment):
            return self.review in self.env["crm.weekly.review"]._with_digest_due()

    def test_sent_on_monday_morning_of_the_company(self):
        for moment, expected in (
            (datetime(2026, 6, 7, 23), False),
            (datetime(2026, 6, 8, 6, 59), False),
            (datetime(2026, 6, 8, 7), True),
            (datetime(2026, 6, 14, 23, 59), True),
            (datetime(2026, 6, 15, 8), False),
            (datetime(2026, 6, 29, 8), False),
        ):
            self.assertEqual(self.due(moment), expected, moment)
        self.env.company.funnel_tz = "Asia/Vladivostok"
        self.assertFalse(self.due(datetime(2026, 6, 7, 20, 59)))
        self.assertTrue(self.due(datetime(2026, 6, 7, 21)))

    def test_cron(self):
        self.assertEqual(self.cron(MONDAY_MORNING), 3)
        self.assertEqual(self.cron(MONDAY_MORNING), 3)

    def test_one_that_fails_keeps_nobody_back(self):
        reviews = self.review | make_review(self, team_id=self._make_team("Other").id)
        send = type(self.review)._send_digest

        def fail(review):
            digests = send(review)
            if review == reviews[0]:
                raise ValueError("A team with something bad in it")
            return digests

        with (
            patch.object(type(self.review), "_send_digest", fail),
            patch.object(type(self.review), "_with_digest_due", lambda _self: reviews),
            self.assertLogs("odoo.addons.sales_funnel_control", "ERROR"),
        ):
            self.assertEqual(self.cron(MONDAY_MORNING), 0)
        self.assertEqual(len(reviews[1].digest_ids), 3)

    def test_not_before_the_figures_nor_where_it_is_switched_off(self):
        self.review.taken_at = False
        self.assertFalse(self.due(MONDAY_MORNING))
        self.review.taken_at = MONDAY_MORNING
        self.assertTrue(self.due(MONDAY_MORNING))
        self.env.company.weekly_digest = False
        self.assertFalse(self.due(MONDAY_MORNING))

    def test_preview(self):
        self.env.company.weekly_digest = False
        self.review.with_user(self.head).action_send_me_digest()
        self.assertIn("Sidorenko", self.mails(self.head).body_html)
        self.review.with_user(self.ivanov).action_send_me_digest()
        self.assertNotIn("Sidorenko", self.mails(self.ivanov).body_html)
        self.assertEqual(len(self.review._send_digest()), 3, "A preview is not the e-mail.")
        stranger = new_test_user(self.env, "test_other", groups="sales_team.group_sale_salesman")
        with self.assertRaises(UserError):
            self.review.with_user(stranger).action_send_me_digest()
        self.head.email = False
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            self.review.with_user(self.head).action_send_me_digest()

    def test_log_is_not_for_salespeople(self):
        self.review._send_digest()
        with self.assertRaises(AccessError):
            self.Digest.with_user(self.ivanov).search([])
        self.assertEqual(len(self.review.with_user(self.head).digest_ids), 3)
        with self.assertRaises(AccessError):
            self.Digest.with_user(self.head).search([]).unlink()

    def test_print_escapes(self):
        self.ivanov.name = "<b>Evil</b> & Co"
        self.review.line_ids[0].write(
            {"manager_name": self.ivanov.name, "manager_word": "<i>x</i>"}
        )
        html = (
            self.env["ir.actions.report"]
            ._render_qweb_html("sales_funnel_control.report_weekly_review", self.review.ids)[0]
            .decode()
        )
        self.assertNotIn("<b>Evil", html)
        self.assertNotIn("<i>x</i>", html)
        self.assertIn("&lt;b&gt;Evil&lt;/b&gt; &amp; Co", html)
        self.assertEqual(html.count("<svg"), 1)
        self.assertEqual(html.count("<rect"), 8)


@tagged("post_install", "-at_install")
class TestBars(BaseCase):
    def test_segments(self):
        for rate, target, expected in (
            (70, 80, [(70, True, False), (10, False, True), (20, False, False)]),
            (90, 80, [(80, True, True), (10, True, False), (10, False, False)]),
            (80, 80, [(80, True, True), (20, False, False)]),
            (0, 100, [(100, False, True)]),
            (100, 100, [(100, True, True)]),
            (False, False, [(100, False, False)]),
            (55, False, [(55, True, False), (45, False, False)]),
            (0, 0, [(100, False, False)]),
        ):
            self.assertEqual(weekly_digest.segments(rate, target), expected, (rate, target))

    def test_picture(self):
        drawn = figure.Figure(
            [figure.Transition(1, "<Contract>", 80, 70), figure.Transition(2, "Pay", False, False)],
            [figure.Manager("a", '"A" & B', False)],
            {("a", 1): {"rate": 70}, ("a", 2): {"rate": False}},
        )
        picture = figure_svg(drawn, drawn.managers, lambda text, **values: text % values)
        self.assertIn("&lt;Contract&gt;", picture)
        self.assertIn("&quot;A&quot; &amp; B", picture)
        self.assertEqual(picture.count("<rect"), 1)
        self.assertEqual(picture.count('stroke-width="4"'), 1)
        self.assertIn("target 80 %", picture)

    def test_only_the_worst_are_shown(self):
        row = {"stage_id": 1, "name": "X", "entered": 20, "target": 80, "verdict": "below"}
        review = {
            "lines": [
                {
                    **dict.fromkeys(weekly_digest._SUMS, 1),
                    "manager": f"M{number}",
                    "refusals": [],
                    "transitions": [{**row, "rate": number}],
                }
                for number in range(60)
            ],
            "transitions": [{**row, "rate": 30}],
            "decisions": [],
        }
        [shown] = weekly_digest.for_head(review)["transitions"]
        self.assertEqual([bar["manager"] for bar in shown["bars"]], [f"M{n}" for n in range(8)])
        self.assertEqual(len(shown["more"]), 52)


@tagged("post_install", "-at_install")
class TestKpis(FunnelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Digest Company"})
        cls.head = new_test_user(
            cls.env,
            "test_head",
            groups="sales_team.group_sale_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        cls.digest = cls.env["digest.digest"].create(
            {
                "name": "Digest",
                "company_id": cls.company.id,
                "kpi_sfc_refusals": True,
                "kpi_sfc_counting_contacts": True,
                "kpi_sfc_conversion": True,
            }
        )

    def value(self, name, user=None):
        now = fields.Datetime.now()
        digest = self.digest.with_user(user or self.head).with_context(
            start_datetime=now - timedelta(days=7), end_datetime=now + timedelta(hours=1)
        )
        digest.invalidate_model([name])
        return digest[name]

    def test_conversion_is_sum_by_sum_of_active_funnels(self):
        (self.ivanov | self.sidorov).write(
            {"company_ids": [(4, self.company.id)], "company_id": self.company.id}
        )
        values = {"company_id": self.company.id}
        for stage in (self.presentation, self.acquaintance):
            self.new_lead(self.list, **values).stage_id = stage
        self.env.cr.flush()
        lost = self.new_lead(self.acquaintance, **values) | self.new_lead(self.list, **values)
        lost[0].action_set_lost(lost_reason_id=self.reason.id)
        lost[1].action_set_lost(lost_reason_id=self.spam.id)
        self.env.cr.flush()
        farmers = self._make_team("Test Farmers", funnel_kind="proactive")
        stages = self._build_funnel(farmers, "proactive")
        client = self.new_lead(stages[0], team_id=farmers.id, **values)
        client.action_set_lost(lost_reason_id=self.reason.id)
        self.env.flush_all()
        exits = self.History.search(
            [("company_id", "=", self.company.id), ("left_at", "!=", False)]
        ).filtered(lambda stay: stay.team_id == self.team and stay.lost_reason_id != self.spam)
        advanced = exits.filtered(lambda stay: stay.exit == "advanced")
        self.assertGreater(len(exits), len(advanced))
        self.assertAlmostEqual(
            self.value("kpi_sfc_conversion_value"), 100 * len(advanced) / len(exits)
        )
        self.assertEqual(self.value("kpi_sfc_refusals_value"), 2)

    def test_contacts_that_count(self):
        logs = self.env["crm.contact.log"].create(
            [
                {
                    "kind": "meeting",
                    "partner_id": self.env.ref("base.main_partner").id,
                    "user_id": self.ivanov.id,
                    "result": "Came",
                }
                for _each in range(2)
            ]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_contact_log SET company_id = %s, counts_as = CASE WHEN id = %s "
            "THEN 'held_meeting' END WHERE id = ANY(%s)",
            (self.company.id, logs[0].id, logs.ids),
        )
        self.env.invalidate_all()
        self.assertEqual(self.value("kpi_sfc_counting_contacts_value"), 1)

    def test_in_the_e_mail_of_sales_only(self):
        clerk = new_test_user(self.env, "test_clerk", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.value("kpi_sfc_refusals_value", clerk)
        kpis = self.digest._compute_kpis(self.company, self.head)
        self.assertLessEqual(
            {"kpi_sfc_refusals", "kpi_sfc_counting_contacts", "kpi_sfc_conversion"},
            {kpi["kpi_name"] for kpi in kpis},
        )
        for kpi in kpis:
            if kpi["kpi_name"].startswith("kpi_sfc"):
                self.assertTrue(self.env.ref(kpi["kpi_action"].partition("?")[0]))


@tagged("post_install", "-at_install")
class TestPreferences(FunnelCase):
    def test_everybody_switches_their_own_off(self):
        user = self.ivanov.with_user(self.ivanov)
        self.assertTrue(user.weekly_digest)
        user.write({"weekly_digest": False})
        self.assertFalse(self.ivanov.weekly_digest)
        with self.assertRaises(AccessError):
            self.sidorov.with_user(self.ivanov).write({"weekly_digest": False})
