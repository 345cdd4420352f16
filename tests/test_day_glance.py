from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .test_norms import NormCase

# A Wednesday; noon in Moscow.
TODAY = date(2026, 3, 4)
DAY = timedelta(days=1)


class GlanceCase(NormCase):
    """Two hunters, their head, and what they did on a Wednesday."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Glance = cls.env["crm.day.glance"]
        cls.leader = new_test_user(
            cls.env, "test_day_leader", groups="sales_team.group_sale_salesman", name="Smirnenko"
        )
        cls.team.write({"user_id": cls.leader.id, "company_id": cls.company.id})
        cls.partner = cls.env["res.partner"].create({"name": "Romashka", "is_company": True})

    def glance(self, user=None, day=None):
        return self.Glance.with_user(user or self.head).get_day(self.team.id, day)

    def values(self, glance, user=None):
        """``{figure: value}`` of a manager, or of the whole team, without what is nought."""
        rows = glance["total"]
        if user is not None:
            [rows] = [row["values"] for row in glance["managers"] if row["id"] == user.id]
        return {row["key"]: row["value"] for row in rows if row["value"]}

    def lead_at(self, moment, *args, **values):
        with freeze_time(moment):
            return self.new_lead(*args, **values)

    def advance(self, lead, stage, moment):
        with freeze_time(moment):
            lead.stage_id = stage
            self.env.cr.flush()


@tagged("post_install", "-at_install")
class TestDayGlance(GlanceCase):
    def test_contacts(self):
        for counts_as in ("held_meeting", "visit", "effective_call", None):
            self.contact(counts_as, TODAY)
        self.contact("held_meeting", TODAY - DAY)
        self.contact("held_meeting", TODAY, user=self.sidorov)
        self.contact("held_meeting", TODAY, state="to_confirm")
        glance = self.glance()
        self.assertEqual(
            self.values(glance, self.ivanov), {"contacts": 4, "counting": 3, "meetings": 2}
        )
        self.assertEqual(self.values(glance), {"contacts": 5, "counting": 4, "meetings": 3})
        self.assertEqual(
            self.values(self.glance(day="2026-03-03"), self.ivanov),
            {"contacts": 1, "counting": 1, "meetings": 1},
        )

    def test_day_begins_in_the_companys_zone(self):
        """Midnight in Moscow is 21:00 UTC."""
        for moment in ("2026-03-03 20:59:59", "2026-03-03 21:00:00", "2026-03-04 20:59:59"):
            self.lead_at(moment)
        self.assertEqual(self.values(self.glance(), self.ivanov), {"new_clients": 2})
        self.assertEqual(
            self.values(self.glance(day="2026-03-03"), self.ivanov), {"new_clients": 1}
        )

    def test_moves_refusals_and_sales(self):
        leads = [
            self.lead_at("2026-02-20 09:00:00", expected_revenue=1000 * number)
            for number in range(1, 5)
        ]
        self.advance(leads[0], self.presentation, "2026-03-04 07:00:00")  # a jump is one move
        self.advance(leads[1], self.acquaintance, "2026-03-03 07:00:00")
        self.advance(leads[1], self.list, "2026-03-04 07:00:00")  # moving back is none
        self.advance(leads[2], self.payment, "2026-03-04 07:00:00")
        for reason in (self.reason, self.spam):
            lead = self.lead_at("2026-02-20 09:00:00")
            with freeze_time("2026-03-04 08:00:00"):
                lead.action_set_lost(lost_reason_id=reason.id)
                self.env.cr.flush()
        glance = self.glance()
        self.assertEqual(
            self.values(glance, self.ivanov),
            {"moves": 2, "refusals": 1, "won": 1, "won_amount": 3000},
        )
        [sales] = [row for row in glance["total"] if row["key"] == "won_amount"]
        self.assertEqual(sales["text"], self.company.currency_id.format(3000))

    def test_figures_and_their_rows_agree(self):
        self.contact("held_meeting", TODAY)
        self.contact(None, TODAY)
        lead = self.lead_at("2026-03-04 06:00:00", expected_revenue=500)
        self.advance(lead, self.payment, "2026-03-04 07:00:00")
        self.meeting("2026-03-04 13:00:00")
        values = self.values(self.glance(), self.ivanov)
        self.assertEqual(
            set(values),
            {"contacts", "counting", "meetings", "to_come", "new_clients", "moves", "won",
             "won_amount"},
        )  # fmt: skip
        for figure, value in values.items():
            action = self.Glance.with_user(self.head).get_figure_action(
                figure, self.team.id, "2026-03-04", self.ivanov.id
            )
            rows = self.env[action["res_model"]].search_count(action["domain"])
            self.assertEqual(rows, 1 if figure == "won_amount" else value, figure)
            nobody = self.Glance.with_user(self.head).get_figure_action(
                figure, self.team.id, "2026-03-04", self.sidorov.id
            )
            self.assertFalse(self.env[nobody["res_model"]].search_count(nobody["domain"]), figure)

    def meeting(self, start, user=None, **values):
        user = user or self.ivanov
        start = datetime.fromisoformat(start)
        return self.env["calendar.event"].create(
            {
                "name": "Presentation",
                "start": start,
                "stop": start + timedelta(hours=1),
                "user_id": user.id,
                "partner_ids": [Command.set((user.partner_id + self.partner).ids)],
                **values,
            }
        )

    def test_meetings_to_come(self):
        self.meeting("2026-03-04 08:59:59")  # has begun
        self.meeting("2026-03-04 09:00:00")
        self.meeting("2026-03-04 20:59:00")
        self.meeting("2026-03-04 21:00:00")  # tomorrow
        self.meeting("2026-03-04 13:00:00", privacy="private")
        self.meeting("2026-03-04 13:00:00", partner_ids=[Command.set(self.ivanov.partner_id.ids)])
        self.assertEqual(self.values(self.glance(), self.ivanov), {"to_come": 2})
        tomorrow = self.glance(day="2026-03-05")
        self.assertEqual([figure["key"] for figure in tomorrow["figures"]], ["to_come"])
        self.assertEqual(self.values(tomorrow, self.ivanov), {"to_come": 1})

    def test_overdue_steps_stand_on_the_day_that_is(self):
        lead = self.lead_at("2026-02-20 09:00:00")
        lead.activity_schedule("mail.mail_activity_data_todo", TODAY - DAY, user_id=self.ivanov.id)
        self.lead_at("2026-02-20 09:00:00").activity_schedule(
            "mail.mail_activity_data_todo", TODAY, user_id=self.ivanov.id
        )
        self.assertEqual(self.values(self.glance(), self.ivanov), {"overdue": 1})
        past = self.glance(day="2026-03-03")
        self.assertNotIn("overdue", [figure["key"] for figure in past["figures"]])
        with self.assertRaises(UserError):
            self.Glance.with_user(self.head).get_figure_action(
                "overdue", self.team.id, "2026-03-03"
            )

    def test_overdue_steps_are_those_of_the_review(self):
        """Not those of leads that are no opportunities yet, nor of companies not looked at."""
        other = self.env["res.company"].create({"name": "Other Company"})
        self.team.company_id = False
        self.ivanov.company_ids += other
        for values in ({}, {"type": "lead"}, {"company_id": other.id}):
            lead = self.lead_at("2026-02-20 09:00:00", **values)
            lead.activity_schedule(
                "mail.mail_activity_data_todo", TODAY - DAY, user_id=self.ivanov.id
            )
        self.head.company_ids += other
        glance = self.Glance.with_user(self.head).with_context(allowed_company_ids=self.company.ids)
        self.assertEqual(self.values(glance.get_day(self.team.id)), {"overdue": 1})

    def test_norms_of_the_running_week(self):
        self.contact("held_meeting", TODAY)
        [norm] = [row["norms"] for row in self.glance()["managers"] if row["id"] == self.ivanov.id]
        self.assertEqual(norm[0]["done_text"], "1 of 12")
        last_week = self.glance(day="2026-02-27")
        self.assertFalse(any(row["norms"] for row in last_week["managers"]))

    def test_title_and_neighbours(self):
        self.head.lang = "en_US"
        glance = self.glance(day="2026-03-01")
        self.assertEqual(
            (glance["title"], glance["previous"], glance["next"], glance["is_today"]),
            ("Sunday, 1 March", "2026-02-28", "2026-03-02", False),
        )

    # -- who sees what ------------------------------------------------------------------------

    def test_salesperson_sees_own_row_and_nameless_sums(self):
        self.contact("held_meeting", TODAY)
        self.contact("visit", TODAY, user=self.sidorov)
        self.meeting("2026-03-04 13:00:00", self.sidorov)
        glance = self.glance(self.ivanov)
        self.assertFalse(glance["sees_team"])
        self.assertEqual([row["id"] for row in glance["managers"]], [self.ivanov.id])
        self.assertEqual(self.values(glance, self.ivanov)["contacts"], 1)
        self.assertEqual(self.values(glance)["contacts"], 2)
        self.assertEqual(self.values(glance)["to_come"], 1)
        self.assertNotIn("Sidorenko", str(glance))
        for user_id in (None, self.sidorov.id):
            for figure in ("contacts", "to_come"):
                action = self.Glance.with_user(self.ivanov).get_figure_action(
                    figure, self.team.id, None, user_id
                )
                rows = self.env[action["res_model"]].with_user(self.ivanov)
                found = rows.search(action["domain"])
                if figure == "contacts":
                    self.assertLessEqual(found.user_id, self.ivanov)
                else:
                    self.assertFalse(found)

    def test_leader_and_head_see_the_same(self):
        self.contact("held_meeting", TODAY)
        self.contact("visit", TODAY, user=self.sidorov)
        lead = self.lead_at("2026-03-04 06:00:00", expected_revenue=500)
        self.advance(lead, self.payment, "2026-03-04 07:00:00")
        figures = [
            [(row["name"], self.values(glance, self.env["res.users"].browse(row["id"])))
             for row in glance["managers"]]
            for glance in (self.glance(self.leader), self.glance(self.head))
        ]  # fmt: skip
        self.assertEqual(*figures)
        self.assertEqual([name for name, _values in figures[0]], ["Ivanenko", "Sidorenko"])

    def test_who_left_still_has_a_row(self):
        self.contact("held_meeting", TODAY)
        self.team.crm_team_member_ids.filtered(
            lambda member: member.user_id == self.ivanov
        ).unlink()
        self.assertEqual(self.values(self.glance(), self.ivanov)["contacts"], 1)

    def test_portal_sees_nothing(self):
        portal = new_test_user(self.env, "test_day_portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.Glance.with_user(portal).get_day()

    def test_bad_input_is_explained(self):
        Glance = self.Glance.with_user(self.head)
        for arguments, words in (
            ({"day": "yesterday"}, "year-month-day"),
            ({"day": 5}, "year-month-day"),
            ({"day": "0001-01-01"}, "between the years"),
            ({"team_id": -1}, "no such sales team"),
            ({"team_id": "x"}, "no such sales team"),
        ):
            with self.assertRaisesRegex(UserError, words):
                Glance.get_day(**arguments)
        for arguments in (
            {"figure": "profit"},
            {"figure": "contacts", "user_id": "x"},
        ):
            with self.assertRaises(UserError):
                Glance.get_figure_action(**arguments)

    # -- costs --------------------------------------------------------------------------------

    def test_read_only(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            board = self.Glance.with_user(self.head).with_env(
                self.Glance.with_user(self.head).env(cr=cr)
            )
            self.assertTrue(board.get_day(self.team.id)["managers"])

    def test_queries_do_not_grow_with_the_team(self):
        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.glance()
            return self.env.cr.sql_log_count - before

        self.contact("held_meeting", TODAY)
        self.meeting("2026-03-04 13:00:00")
        queries()
        few = queries()
        for number in range(6):
            user = new_test_user(
                self.env, f"test_day_{number}", groups="sales_team.group_sale_salesman"
            )
            self.env["crm.team.member"].create({"crm_team_id": self.team.id, "user_id": user.id})
            self.contact("held_meeting", TODAY, user=user)
            self.meeting("2026-03-04 13:00:00", user)
        queries()
        # A user's groups are read once each.
        self.assertLessEqual(queries(), few + 6)
