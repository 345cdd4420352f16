from odoo.tests import tagged

from .test_norms import DAY, MONDAY, WEEK, NormCase


@tagged("post_install", "-at_install")
class TestContactReport(NormCase):
    def setUp(self):
        super().setUp()
        self.norm.valid_from = MONDAY - 2 * WEEK
        self.domain = [("user_id", "in", (self.ivanov | self.sidorov).ids)]

    def figures(self, *measures, **terms):
        domain = [*self.domain, *((name, "=", value) for name, value in terms.items())]
        [values] = self.Report._read_group(domain, [], list(measures))
        return values if len(values) > 1 else values[0]

    def test_log_against_norm(self):
        for counts_as, number in (
            ("held_meeting", 3),
            ("productive_meeting", 2),
            ("visit", 1),
            ("effective_call", 4),
            ("warm_contact", 1),
            (None, 2),
        ):
            for _each in range(number):
                self.contact(counts_as)
        self.contact("held_meeting", state="to_confirm")
        self.contact("held_meeting", MONDAY - DAY)  # Sunday is of the week before
        report = self.Report.search([("user_id", "=", self.ivanov.id), ("week_start", "=", MONDAY)])
        rows = {row.kind: row for row in report}
        meeting = rows["meeting"]
        self.assertEqual((meeting.counted, meeting.norm, meeting.fulfilment), (6, 12, 50))
        self.assertEqual((meeting.team_id, meeting.sales_role), (self.team, "hunter"))
        self.assertEqual(meeting.held_meetings, 5)
        self.assertEqual((rows["visit"].visits, rows["visit"].has_norm), (1, False))
        self.assertEqual(rows["visit"].counted, 0, "there is no norm of visits")
        self.assertEqual(rows["all"].contacts, 13)
        self.assertEqual(rows["all"].counting_contacts, 11)
        measures = ("contacts", "effective_calls", "held_meetings", "productive_meetings")
        self.assertEqual(
            self.figures(
                *(f"{name}:sum" for name in (*measures, "warm_contacts", "visits")),
                week_start=MONDAY,
                user_id=self.ivanov.id,
            ),
            (13, 4, 5, 2, 1, 1),
        )

    def test_weeks_without_contacts_are_there(self):
        weeks = self.Report._read_group(
            [("user_id", "=", self.ivanov.id), ("kind", "=", "meeting")],
            ["week_start:day"],
            ["counted:sum", "norm:sum", "fulfilment:avg"],
        )
        self.assertEqual(
            [(week, *figures) for week, *figures in weeks],
            [(MONDAY + number * WEEK, 0, 12, 0) for number in (-2, -1, 0)],
        )

    def test_sums_over_sums(self):
        self.rest(MONDAY, MONDAY + 3 * DAY, self.sidorov)  # 2.4 of 12
        for _each in range(3):
            self.contact("held_meeting", user=self.sidorov)
        for _each in range(6):
            self.contact("held_meeting")
        self.assertEqual(self.owed(self.sidorov), 2.4)
        terms = {"week_start": MONDAY, "kind": "meeting"}
        self.assertAlmostEqual(self.figures("fulfilment:avg", **terms), 100 * 9 / 14.4)
        groups = self.Report._read_group(
            [*self.domain, ("week_start", "=", MONDAY)],
            ["user_id"],
            ["fulfilment:avg"],
            order="fulfilment:avg desc",
        )
        self.assertEqual(
            [(user, round(rate, 6)) for user, rate in groups],
            [(self.sidorov, 125), (self.ivanov, 50)],
        )
        [total] = self.Report.formatted_read_group(
            self.domain, [], ["fulfilment:avg", "counted:sum", "norm:sum"]
        )
        self.assertAlmostEqual(
            total["fulfilment:avg"], 100 * total["counted:sum"] / total["norm:sum"]
        )
        self.assertAlmostEqual(total["norm:sum"], 5 * 12 + 2.4)

    def test_contacts_of_kinds_without_norm_do_not_fulfil(self):
        for _each in range(50):
            self.contact("effective_call")
        self.assertEqual(self.figures("fulfilment:avg"), 0)
        self._norm(kind="effective_call", weekly_norm=40)
        self.assertAlmostEqual(self.figures("fulfilment:avg", week_start=MONDAY), 100 * 50 / 104)

    def test_a_week_off(self):
        self.rest(MONDAY, MONDAY + 6 * DAY, self.ivanov)
        [row] = self.Report.search(
            [
                ("user_id", "=", self.ivanov.id),
                ("week_start", "=", MONDAY),
                ("kind", "=", "meeting"),
            ]
        )
        self.assertEqual((row.norm, row.days_present, row.has_norm), (0, 0, True))
        self.assertIsNone(self.figures("fulfilment:avg", id=row.id) or None)

    def test_next_week_is_not_shown(self):
        self.assertTrue(self.rows(week=MONDAY + WEEK))
        self.assertEqual(self.figures("week_start:max"), MONDAY)
        with self.at("2026-03-08 21:30:00"):  # Monday in Moscow
            self.assertEqual(self.figures("week_start:max"), MONDAY + WEEK)

    def test_contacts_without_norm(self):
        """Who owes nothing is there with what they did, under the team of the time."""
        self.contact("held_meeting", user=self.head, team_id=self.team.id, sales_role="farmer")
        rows = self.Report.search([("user_id", "=", self.head.id)])
        self.assertEqual(set(rows.mapped("kind")), {"meeting", "all"})
        self.assertEqual((rows.team_id, rows[0].sales_role), (self.team, "farmer"))

    def test_contacts_per_deal_and_move(self):
        leads = [self.new_lead(self.list) for _each in range(3)]
        for lead in leads[:2]:
            for _each in range(2):
                self.contact("effective_call", lead_id=lead.id)
        self.contact(None, lead_id=leads[2].id)
        with self.at("2026-03-04 09:10"):
            leads[0].stage_id = self.presentation  # past one stage: one move
            self.env.cr.flush()
        with self.at("2026-03-04 09:20"):
            leads[1].stage_id = self.acquaintance
            self.env.cr.flush()
        with self.at("2026-03-04 09:30"):
            leads[0].action_set_won()
            self.env.cr.flush()
        names = ("contacts", "counting_contacts", "leads_contacted", "stage_moves", "deals_won")
        terms = {"user_id": self.ivanov.id, "kind": "all"}
        self.assertEqual(self.figures(*(f"{name}:sum" for name in names), **terms), (5, 4, 3, 3, 1))
        rates = ("contacts_per_deal:avg", "leads_per_deal:avg", "contacts_per_move:avg")
        self.assertEqual(self.figures(*rates, **terms), (4, 3, 4 / 3))
        self.assertEqual(
            self.figures("contacts_per_deal:avg", user_id=self.sidorov.id) or None, None
        )

    def test_deals_won_are_those_of_the_win_rates(self):
        for number in range(8):
            lead = self.new_lead(self.list, (self.ivanov, self.sidorov)[number % 2])
            lead.action_set_won()
            self.env.cr.flush()
            with self.at("2026-03-04 10:00"):
                if number in (0, 3):
                    lead.user_id = self.sidorov
                elif number == 5:
                    lead.write({"stage_id": self.list.id, "probability": 10})
                self.env.cr.flush()
        outcome = dict(
            self.env["crm.outcome.report"]._read_group(self.domain, ["user_id"], ["won:sum"])
        )
        report = dict(self.Report._read_group(self.domain, ["user_id"], ["deals_won:sum"]))
        self.assertEqual(report, outcome)
        self.assertEqual(sum(report.values()), 7)

    def test_moves_before_there_were_norms_or_contacts_do_not_count(self):
        lead = self.new_lead(self.list)
        self.env.cr.execute(
            "UPDATE crm_lead_stage_history SET entered_at = %s WHERE lead_id = %s",
            ("2025-06-01", lead.id),
        )
        with self.at("2025-06-04 09:00"):
            lead.stage_id = self.acquaintance
            self.env.cr.flush()
        self.assertEqual(self.figures("stage_moves:sum"), 0)

    def test_ids_are_lasting_and_distinct(self):
        for number in range(3):
            self.contact("visit", MONDAY - number * WEEK, user=self.sidorov)
        rows = self.Report.search(self.domain)
        self.assertEqual(len(set(rows.ids)), len(rows))
        keys = {
            (row.id, row.user_id, row.week_start, row.kind)
            for row in self.Report.search([("id", "in", rows.ids)])
        }
        self.assertEqual(keys, {(r.id, r.user_id, r.week_start, r.kind) for r in rows})

    def test_open_contacts(self):
        meeting = self.contact("visit")
        call = self.contact("effective_call")
        other = self.contact(None)
        self.contact("held_meeting", state="to_confirm")
        self.contact("visit", user=self.sidorov)
        for kind, expected in (("meeting", meeting), ("all", meeting | call | other)):
            rows = self.Report.search(
                [("user_id", "=", self.ivanov.id), ("kind", "=", kind)]
            ).with_user(self.head)
            action = rows.action_open_contacts()
            found = self.env[action["res_model"]].search(action["domain"])
            self.assertEqual(found, expected, kind)

    def test_read_only(self):
        self.contact("held_meeting")
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            report = self.env(cr=cr)["crm.contact.report"]
            report.formatted_read_group(self.domain, ["user_id", "kind"], ["fulfilment:avg"])
