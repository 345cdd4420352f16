from datetime import date, timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2 import IntegrityError

from odoo import fields, http
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tests.common import HttpCase
from odoo.tools import mute_logger

from .common import BLACKLISTED
from .programs import TODAY, ClientBaseCase

DAY = timedelta(days=1)


class OpinionCase(ClientBaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Opinion = cls.env["crm.opinion"]
        cls.Case = cls.env["crm.client.case"]
        cls.company = cls.env.company
        cls.env["res.company"].search([]).write(
            {
                "opinion_after_order": False,
                "opinion_after_deal": False,
                "opinion_after_case": False,
            }
        )
        cls.company.write(
            {
                "opinion_after_order": True,
                "opinion_days": 5,
                "opinion_pause_days": 30,
                "opinion_opens_case": "unhappy",
                "case_days": 3,
                "case_user_id": False,
                "case_ask_again_days": 10,
            }
        )

    def ask(self, when=None):
        with (
            freeze_time(when or fields.Datetime.now()),
            patch.object(
                type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: True
            ),
        ):
            self.Opinion._cron_ask()

    def opinions(self, partner):
        return self.Opinion.search([("partner_id", "=", partner.id)])

    def asked(self):
        """A client that was asked after an order."""
        [partner] = self.clients(1)
        self.order(partner, 100, fields.Datetime.now() - 5 * DAY)
        self.ask()
        return self.opinions(partner)

    def answer(self, opinion, rate, words=""):
        opinion.sudo().rating_apply(
            rate, token=opinion.sudo()._rating_get_access_token(), feedback=words
        )

    def case(self, partner, user=None, **values):
        return self.Case.with_user(user or self.petrova).create(
            {"name": "Late again", "partner_id": partner.id, **values}
        )


@tagged("post_install", "-at_install")
class TestOpinions(OpinionCase):
    def test_asked_after_some_days(self):
        """Five days after the order; a week later it is too late."""
        partners = self.clients(4)
        days = ("2026-02-19", "2026-02-20", "2026-02-27", "2026-02-28")
        for partner, day in zip(partners, days, strict=True):
            self.order(partner, 10, f"{day} 09:00:00")
        self.ask()
        self.assertEqual(
            [bool(self.opinions(partner)) for partner in partners], [False, True, True, False]
        )
        opinion = self.opinions(partners[1])
        self.assertEqual(
            (opinion.user_id, opinion.team_id, opinion.asked_on, opinion.verdict),
            (self.petrova, self.farmers, TODAY, False),
        )

    def test_day_of_delivery_counts(self):
        early, late = self.clients(2)
        self.order(early, 10, "2026-02-01 09:00:00", commitment_date="2026-02-27 09:00:00")
        self.order(late, 10, "2026-02-27 09:00:00", commitment_date="2026-03-03 09:00:00")
        self.ask()
        self.assertTrue(self.opinions(early))
        self.assertFalse(self.opinions(late))

    def test_person_is_asked_in_their_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        [partner] = self.clients(1)
        person = self.env["res.partner"].create(
            {
                "name": "Anna <b>",
                "parent_id": partner.id,
                "email": "anna@example.com",
                "lang": "fr_FR",
            }
        )
        template = self.env.ref("sales_funnel_control.mail_template_opinion")
        template.with_context(lang="fr_FR").subject = "{{ object.company_id.name }}: content ?"
        self.order(person, 100, "2026-02-27 09:00:00")
        self.ask()
        opinion = self.opinions(partner)
        self.assertEqual(opinion.contact_id, person)
        mail = self.env["mail.mail"].search(
            [("model", "=", "crm.opinion"), ("res_id", "=", opinion.id)]
        )
        self.assertEqual(mail.recipient_ids, person)
        self.assertIn("content ?", mail.subject)
        token = opinion._rating_get_access_token()
        for face in (1, 3, 5):
            self.assertIn(f"/rate/{token}/{face}", mail.body_html)
        self.assertIn("Anna &lt;b&gt;", mail.body_html)

    def test_who_is_not_asked(self):
        names = (
            *("listed", "own_wish", "companys_wish", "mailing"),
            *("no_mail", "archived", "ok"),
        )
        partners = dict(zip(names, self.clients(len(names)), strict=True))
        partners["listed"].write(BLACKLISTED)
        partners["own_wish"].no_opinion_requests = True
        partners["companys_wish"].no_opinion_requests = True
        person = self.env["res.partner"].create(
            {
                "name": "Anna",
                "parent_id": partners["companys_wish"].id,
                "email": "anna@example.com",
            }
        )
        self.env["mail.blacklist"].create({"email": partners["mailing"].email})
        partners["no_mail"].email = False
        for name, partner in partners.items():
            self.order(person if name == "companys_wish" else partner, 1, "2026-02-27 09:00:00")
        partners["archived"].active = False
        self.ask()
        asked = {name for name, partner in partners.items() if self.opinions(partner)}
        self.assertEqual(asked, {"ok"})
        self.company.opinion_after_order = False
        [partner] = self.clients(1, name="Later")
        self.order(partner, 1, "2026-02-27 09:00:00")
        self.ask()
        self.assertFalse(self.opinions(partner))

    def test_not_twice_within_the_pause(self):
        [partner] = self.clients(1)
        person = self.env["res.partner"].create(
            {"name": "Anna", "parent_id": partner.id, "email": "anna@example.com"}
        )
        self.order(partner, 1, "2026-02-26 09:00:00")
        self.order(person, 1, "2026-02-27 09:00:00")
        self.ask()
        self.ask()
        self.assertEqual(self.opinions(partner).contact_id, person)
        self.order(partner, 1, "2026-03-28 09:00:00")
        self.ask(TODAY + 29 * DAY)
        self.assertEqual(len(self.opinions(partner)), 1)
        self.ask(TODAY + 30 * DAY)
        self.assertEqual(len(self.opinions(partner)), 2)

    def test_after_a_deal_won(self):
        self.company.write({"opinion_after_order": False, "opinion_after_deal": True})
        [partner] = self.clients(1)
        deal = self.new_lead(user=self.petrova, partner_id=partner.id, team_id=self.team.id)
        pending = self.new_lead(partner_id=partner.id)
        deal.action_set_won()
        self.env.cr.flush()
        self.ask(TODAY + 5 * DAY)
        self.assertEqual(self.opinions(partner).lead_id, deal)
        self.assertFalse(self.Opinion.search([("lead_id", "=", pending.id)]))

    def test_many_are_asked_in_batches(self):
        partners = self.clients(150)
        for partner in partners:
            self.order(partner, 1, "2026-02-27 09:00:00")
        self.ask()
        self.assertEqual(self.Opinion.search_count([("partner_id", "in", partners.ids)]), 150)

    # -- the answer opens a case ------------------------------------------------------------------

    def test_low_score_opens_one_case(self):
        opinion = self.asked()
        self.answer(opinion, 1, "Broken <script>alert(1)</script>")
        self.answer(opinion, 1, "All broken")
        case = opinion.case_ids
        self.assertEqual(len(case), 1)
        self.assertEqual((case.source, case.words), ("rating", "All broken"))
        self.assertEqual(
            (case.user_id, case.manager_id, case.team_id, case.order_id),
            (self.head, self.petrova, self.farmers, opinion.order_id),
        )
        self.assertEqual((case.opened_on, case.date_due), (TODAY, TODAY + 3 * DAY))
        self.assertEqual(case.activity_ids.user_id, self.head)
        self.assertEqual(case.activity_ids.date_deadline, TODAY + 3 * DAY)
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.case(case.partner_id, self.admin, opinion_id=opinion.id)

    def test_managers_do_not_answer_for_clients(self):
        opinion = self.asked()
        token = opinion.sudo()._rating_get_access_token()
        for user in (self.petrova, self.head, self.admin):
            with self.assertRaises(AccessError):
                opinion.with_user(user).rating_apply(5, token=token)
        self.assertFalse(opinion.score)

    def test_answer_of_a_client_without_manager(self):
        opinion = self.asked()
        opinion.user_id = False
        client = self.env["crm.client"].search([("partner_id", "=", opinion.partner_id.id)])
        client.write({"user_id": False, "team_id": False})
        nobody = self.env.ref("base.public_user")
        opinion.with_user(nobody).sudo()._learn(1, "Late")
        self.assertEqual(len(opinion.case_ids), 1)
        self.assertTrue(opinion.case_ids.user_id.active)

    def test_border_of_the_setting(self):
        for setting, rate, expected in (
            ("unhappy", 3, 0),
            ("unhappy", 1, 1),
            ("neutral", 5, 0),
            ("neutral", 3, 1),
        ):
            with self.subTest(setting=setting, rate=rate):
                self.company.opinion_opens_case = setting
                opinion = self.asked()
                self.answer(opinion, rate)
                self.assertEqual(len(opinion.case_ids), expected)
                self.assertEqual(opinion.answered_on, TODAY)

    # -- cases ----------------------------------------------------------------------------------

    def test_closing_needs_what_was_done(self):
        case = self.case(*self.clients(1))
        case.action_work()
        for text in (False, "  "):
            with self.assertRaisesRegex(ValidationError, "what was done"):
                case.write({"done_text": text, "state": "solved"})
        case.invalidate_recordset()
        self.assertFalse(case.closed_on)
        case.done_text = "Sent anew"
        case.action_solved()
        self.assertEqual(case.closed_on, TODAY)
        self.assertFalse(case.activity_ids)
        case.action_reopen()
        self.assertFalse(case.closed_on)
        self.assertEqual(case.activity_ids.user_id, self.head)

    def test_activity_follows(self):
        case = self.case(*self.clients(1), user=self.admin)
        case.write({"user_id": self.orlova.id, "date_due": TODAY + 9 * DAY})
        self.assertEqual(case.activity_ids.user_id, self.orlova)
        self.assertEqual(case.activity_ids.date_deadline, TODAY + 9 * DAY)

    def test_responsible_of_the_settings(self):
        self.company.case_user_id = self.orlova
        self.assertEqual(self.case(*self.clients(1)).user_id, self.orlova)

    def test_entered_by_hand(self):
        [partner] = self.clients(1)
        person = self.env["res.partner"].create({"name": "Anna", "parent_id": partner.id})
        deal = self.new_lead(user=self.petrova, partner_id=person.id)
        log = self.env["crm.contact.log"].create(
            {
                "kind": "meeting",
                "lead_id": deal.id,
                "user_id": self.petrova.id,
                "result": "They are angry",
            }
        )
        client = self.env["crm.client"]._of(partner, self.company)[partner]
        for record, source in ((client, "call"), (deal, "call"), (log, "meeting")):
            action = record.with_user(self.petrova).action_new_case()
            form = Form(self.Case.with_user(self.petrova).with_context(**action["context"]))
            form.name = "Angry"
            case = form.save()
            self.assertEqual((case.partner_id, case.source), (partner, source))
            self.assertEqual(case.user_id, self.head)
        self.assertEqual((case.lead_id, case.words), (deal, "They are angry"))
        self.assertEqual(partner.with_user(self.petrova).case_count, 3)
        by_person = self.case(person)
        self.assertEqual((by_person.partner_id, by_person.contact_id), (partner, person))
        with self.assertRaises(ValidationError):
            self.case(partner, contact_id=self.clients(1, name="Other").id)

    def test_asked_again(self):
        self.company.write({"opinion_after_order": False, "opinion_after_case": True})
        case = self.case(*self.clients(1), done_text="Sent anew")
        case.state = "solved"
        self.env.flush_all()
        self.ask(TODAY + 9 * DAY)
        self.assertFalse(case.sudo().after_opinion_ids)
        self.ask(TODAY + 10 * DAY)
        self.ask(TODAY + 11 * DAY)
        opinion = case.sudo().after_opinion_ids
        self.assertEqual(len(opinion), 1)
        self.assertFalse(case.after_verdict)
        self.answer(opinion, 5)
        self.assertEqual(case.after_verdict, "happy")
        self.answer(opinion, 1, "No better")
        self.assertEqual(case.after_verdict, "unhappy")
        self.assertEqual(opinion.case_ids.words, "No better")
        self.assertNotEqual(opinion.case_ids, case)

    def test_report_against_plain_python(self):
        [partner] = self.clients(1)
        cause, other = self.env["crm.client.case.cause"].create([{"name": "A"}, {"name": "B"}])
        plan = (
            # cause, term, closed on, satisfied afterwards
            (cause, 3, date(2026, 3, 4), 5),
            (cause, 3, date(2026, 3, 7), 1),
            (cause, 3, date(2026, 3, 8), None),
            (cause, 30, None, None),
            (other, 1, None, None),
        )
        for number, (why, days, closed, score) in enumerate(plan):
            case = self.case(
                partner, cause_id=why.id, date_due=TODAY + days * DAY, done_text="Done"
            )
            if closed:
                with freeze_time(f"{closed} 09:00:00"):
                    case.state = "solved"
            if score:
                self.Opinion.create(
                    {
                        "partner_id": partner.id,
                        "contact_id": partner.id,
                        "company_id": self.company.id,
                        "after_case_id": case.id,
                        "asked_on": TODAY + number * DAY,
                        "score": score,
                    }
                )
        with freeze_time("2026-03-09 09:00:00"):
            rows = (
                self.env["crm.client.case.report"]
                .with_user(self.admin)
                ._read_group(
                    [("partner_id", "=", partner.id)],
                    ["cause_id"],
                    [
                        "opened:sum",
                        "closed:sum",
                        "pending:sum",
                        "overdue:sum",
                        "in_time_rate:avg",
                        "satisfied_rate:avg",
                    ],
                )
            )
            [total] = self.env["crm.client.case.report"]._read_group(
                [("partner_id", "=", partner.id)], [], ["in_time_rate:avg"]
            )
        figures = {row[0]: row[1:] for row in rows}
        counts, rates = figures[cause][:4], figures[cause][4:]
        self.assertEqual(counts, (4, 3, 1, 0))
        self.assertAlmostEqual(rates[0], 100 * 2 / 3)
        self.assertAlmostEqual(rates[1], 50)
        self.assertEqual(figures[other][:5], (1, 0, 1, 1, 0))
        self.assertAlmostEqual(total[0], 100 * 2 / 4)

    def test_the_token_is_the_clients_alone(self):
        """Who could read the rating of an opinion could answer it, and read all the others."""
        opinion = self.asked()
        self.answer(opinion, 1, "Late again")
        Rating = self.env["rating.rating"]
        known = [("res_model", "=", "crm.opinion")]
        self.assertTrue(Rating.sudo().search(known))
        office = new_test_user(self.env, "test_office", "base.group_user")
        for user in (self.petrova, self.head, office):
            self.assertFalse(Rating.with_user(user).search(known))
        with self.assertRaises(AccessError):
            Rating.sudo().search(known)[:1].with_user(self.petrova).read(["access_token"])

    def test_who_may(self):
        mine, theirs = self.clients(1) + self.clients(1, self.orlova, "Lilia")
        own, foreign = self.case(mine, self.admin), self.case(theirs, self.admin)
        for user, seen in (
            (self.petrova, own),
            (self.orlova, foreign),
            (self.head, own + foreign),
            (self.admin, own + foreign),
            (self.sidorov, self.Case),
        ):
            domain = [("id", "in", (own + foreign).ids)]
            self.assertEqual(set(self.Case.with_user(user).search(domain).ids), set(seen.ids))
            report = self.env["crm.client.case.report"].with_user(user)
            self.assertEqual(report.search_count(domain), len(seen))
        with self.assertRaises(AccessError):
            own.with_user(self.orlova).done_text = "Mine"
        opinion = self.asked()
        self.assertEqual(opinion.with_user(self.petrova).verdict, False)
        with self.assertRaises(AccessError):
            opinion.with_user(self.orlova).read(["verdict"])
        with self.assertRaises(AccessError):
            opinion.with_user(self.petrova).score = 5


@tagged("post_install", "-at_install")
class TestOpinionsOverHttp(OpinionCase, HttpCase):
    frozen_at = None

    def test_client_answers(self):
        opinion = self.asked()
        other = self.asked()
        token = opinion._rating_get_access_token()
        self.env.flush_all()
        self.authenticate(None, None)
        page = self.url_open(f"/rate/{token}/1")
        self.assertEqual(page.status_code, 200)
        self.assertFalse(opinion.case_ids)
        for words in ("<script>alert(1)</script>", "<script>alert(2)</script>"):
            page = self.url_open(
                f"/rate/{token}/submit_feedback",
                data={"rate": 1, "feedback": words, "csrf_token": http.Request.csrf_token(self)},
            )
            self.assertEqual(page.status_code, 200)
            self.assertNotIn("<script>alert", page.text)
        self.assertEqual(len(opinion.case_ids), 1)
        self.assertEqual(opinion.case_ids.words, "<script>alert(2)</script>")
        self.assertNotIn("<script>", opinion.message_ids[:1].body)
        self.assertEqual((opinion.verdict, other.verdict), ("unhappy", False))
        self.assertFalse(other.case_ids)
        with mute_logger("odoo.http"):
            self.assertEqual(self.url_open(f"/rate/{token}x/1").status_code, 404)
            self.assertEqual(
                self.url_open(
                    "/rate/unknown/submit_feedback",
                    data={"rate": 1, "csrf_token": http.Request.csrf_token(self)},
                ).status_code,
                404,
            )

    def test_complaint(self):
        case = self.case(*self.clients(1), name="Tour Complaint")
        self.start_tour(
            "/odoo/dissatisfied-clients", "sales_funnel_control.complaint", login="test_headenko"
        )
        self.assertEqual((case.state, case.done_text), ("solved", "The lost box was sent on"))
