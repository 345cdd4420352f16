import random
from datetime import datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from ..models.crm_lead_stage_history_sql import _INTERPRETED
from .common import FunnelCase

NOW = datetime(2026, 6, 10, 12)
REFERENCE = {
    "ivanov": (250, 200, 140, 119, 113),
    "sidorov": (250, 238, 214, 150, 120),
}


class BoardCase(FunnelCase):
    """Boards over clients that entered in the spring of 2026, seen in June."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Board = cls.env["crm.control.board"]
        cls.company_group = cls.env.ref("sales_team.group_sale_manager")
        cls.head = new_test_user(cls.env, "test_head", groups="sales_team.group_sale_manager")

    @classmethod
    def enter(cls, user, counts, when, step=timedelta(days=1), **values):
        """Clients of which ``counts`` reached each stage, a step of time from one to the next."""
        with freeze_time(when):
            leads = cls.env["crm.lead"].create(
                [
                    {
                        "name": "Client",
                        "type": "opportunity",
                        "team_id": cls.team.id,
                        "user_id": user.id,
                        "stage_id": cls.list.id,
                        **values,
                    }
                    for _each in range(counts[0])
                ]
            )
            cls.env.cr.flush()
        for number, (stage, count) in enumerate(zip(cls.stages[1:], counts[1:], strict=False), 1):
            with freeze_time(when + step * number):
                leads[:count].write({"stage_id": stage.id})
                cls.env.cr.flush()
        return leads

    def board(self, user=None, **options):
        self.env.registry.clear_cache()  # The horizons of the day.
        board = self.Board.with_user(user or self.head)
        with freeze_time(NOW):
            return board.get_board(self.team.id, **options)

    def verdicts(self, board):
        """``{(manager, transition): verdict}`` by name."""
        names = {manager["key"]: manager["name"] for manager in board["managers"]}
        transitions = {transition["id"]: transition["name"] for transition in board["transitions"]}
        return {
            (names[cell["key"]], transitions[cell["transition"]]): cell["verdict"]
            for cell in board["cells"]
        }


@tagged("post_install", "-at_install")
class TestReferenceBoard(BoardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for login, counts in REFERENCE.items():
            cls.enter(getattr(cls, login), counts, datetime(2026, 4, 1, 9))

    def test_figure(self):
        board = self.board()
        self.assertEqual(
            [(t["name"], t["from_name"], t["target"]) for t in board["transitions"]],
            [
                ("Acquaintance", "Client List", 100),
                ("Presentation", "Acquaintance", 80),
                ("Contract", "Presentation", 80),
                ("Payment", "Contract", 95),
            ],
        )
        rates = {}
        for cell in board["cells"]:
            rates.setdefault(cell["manager"], []).append(round(cell["rate"]))
        self.assertEqual(
            rates, {self.ivanov.id: [80, 70, 85, 95], self.sidorov.id: [95, 90, 70, 80]}
        )
        self.assertEqual(round(board["path"]["target"]), 61)
        self.assertEqual([round(manager["path_rate"]) for manager in board["managers"]], [45, 48])

    def test_teaching_directions_and_no_others(self):
        board = self.board()
        names = {transition["id"]: transition["name"] for transition in board["transitions"]}
        self.assertEqual(
            {(t["teacher"], t["learner"], names[t["transition"]]) for t in board["teach"]},
            {
                (self.sidorov.id, self.ivanov.id, "Acquaintance"),
                (self.sidorov.id, self.ivanov.id, "Presentation"),
                (self.ivanov.id, self.sidorov.id, "Contract"),
                (self.ivanov.id, self.sidorov.id, "Payment"),
            },
        )
        self.assertEqual(len(board["teach"]), 4)

    def test_verdicts(self):
        self.assertEqual(
            self.verdicts(self.board()),
            {
                ("Ivanenko", "Acquaintance"): "below",
                ("Ivanenko", "Presentation"): "below",
                ("Ivanenko", "Contract"): "on_target",
                ("Ivanenko", "Payment"): "on_target",
                ("Sidorenko", "Acquaintance"): "on_target",
                ("Sidorenko", "Presentation"): "above",
                ("Sidorenko", "Contract"): "below",
                ("Sidorenko", "Payment"): "below",
            },
        )

    def test_explanation(self):
        [cell] = [
            cell
            for cell in self.board()["cells"]
            if (cell["manager"], cell["transition"]) == (self.ivanov.id, self.presentation.id)
        ]
        self.assertEqual(
            cell["explanation"],
            "140 of 200 mature entries, 70 %, target 80 %: below, beyond chance.",
        )

    def test_young_cohort_has_no_verdict(self):
        board = self.board(date_from="2026-06-08")
        self.assertFalse(board["cells"])
        self.enter(self.ivanov, (60, 60, 20), NOW - timedelta(hours=20), timedelta(hours=1))
        board = self.board(date_from="2026-06-08")
        self.assertEqual({cell["verdict"] for cell in board["cells"]}, {"insufficient"})
        self.assertEqual({cell["entered"] for cell in board["cells"]}, {0})
        self.assertEqual([cell["young_entered"] for cell in board["cells"]], [60, 60, 20])
        self.assertEqual({cell["missing"] for cell in board["cells"]}, {20})
        self.assertFalse(board["teach"])
        board = self.board(date_from="2026-06-08", mature_only=False)
        self.assertEqual([cell["entered"] for cell in board["cells"]], [60, 60, 20])
        self.assertEqual({cell["verdict"] for cell in board["cells"]}, {"insufficient"})

    def test_leads_behind_a_cell(self):
        self.set_spam_and_transfer()
        for cell in self.board()["cells"]:
            self.assertEqual(len(self.leads_behind(cell)), cell["entered"])
            stuck = self.leads_behind(cell, outcome="stuck")
            self.assertEqual(len(stuck), cell["entered"] - cell["advanced"])

    def set_spam_and_transfer(self):
        leads = self.History.search([("team_id", "=", self.team.id)]).lead_id
        leads[3].action_set_lost(lost_reason_id=self.spam.id)
        other = self._make_team("Other")
        self._build_funnel(other)
        leads[4].team_id = other

    def leads_behind(self, cell, **options):
        with freeze_time(NOW):
            action = self.Board.with_user(self.head).get_entries_action(
                cell["transition"],
                {"team_id": self.team.id},
                user_id=cell["manager"],
                sales_role="hunter",
                **options,
            )
        return (
            self.env["crm.lead"]
            .with_user(self.head)
            .with_context(**action["context"])
            .search(action["domain"])
        )

    def test_standing(self):
        board = self.board()
        count = {stage["name"]: stage["count"] for stage in board["now"]}
        self.assertEqual(
            count,
            {"Client List": 62, "Acquaintance": 84, "Presentation": 85, "Contract": 36},
        )
        self.assertEqual(board["standing"]["count"], sum(count.values()))
        lead = self.env["crm.lead"].search(
            [("team_id", "=", self.team.id), ("stage_id", "=", self.list.id)], limit=2
        )
        lead[0].activity_schedule("mail.mail_activity_data_call", user_id=self.ivanov.id)
        self.env["calendar.event"].create(
            {
                "name": "Meeting",
                "opportunity_id": lead[1].id,
                "start": NOW + timedelta(days=1),
                "stop": NOW + timedelta(days=1, hours=1),
            }
        )
        board = self.board()
        self.assertEqual(board["now"][0]["without_next_step"], 60)
        for lacking, figure in (("next_step", "without_next_step"), ("time", "over_normal_time")):
            with freeze_time(NOW):
                action = self.Board.with_user(self.head).get_standing_action(
                    self.list.id, self.team.id, lacking=lacking
                )
                found = self.env["crm.lead"].search_count(action["domain"])
            self.assertEqual(found, board["now"][0][figure])

    def test_flow(self):
        flow = {
            flow["transition"]: flow["weeks"] for flow in self.board(date_to="2026-04-12")["flow"]
        }
        weeks = flow[self.acquaintance.id]
        self.assertEqual(len(weeks), 8)
        self.assertEqual(
            [(w["week_start"], w["exits"], w["advanced"]) for w in weeks if w["exits"]],
            [("2026-03-30", 438, 438)],
        )

    def test_refusals(self):
        leads = self.env["crm.lead"].search([("team_id", "=", self.team.id)], limit=4)
        with freeze_time(NOW):
            leads[0].action_set_lost(lost_reason_id=self.spam.id)
            (leads - leads[0]).action_set_lost(lost_reason_id=self.reason.id)
            self.env.cr.flush()
        refusals = self.board()["refusals"]
        self.assertEqual((refusals["total"], refusals["spam"], refusals["unreviewed"]), (3, 1, 3))
        [reason] = refusals["reasons"]
        self.assertEqual(
            (reason["name"], reason["count"], reason["running"]), ("No budget (test)", 3, 100)
        )
        for question, count in (
            ({}, 4),
            ({"reason_id": self.reason.id}, 3),
            ({"reason_id": False}, 0),
            ({"to_review": True}, 3),
        ):
            with freeze_time(NOW):
                action = self.Board.with_user(self.head).get_refusals_action(
                    {"team_id": self.team.id}, **question
                )
            self.assertEqual(
                self.env["crm.lead.refusal"].search_count(action["domain"]), count, question
            )

    def test_same_number_everywhere(self):
        """Twenty slices: the board and the report give the same, whoever asks, in any language."""
        self.env["res.lang"]._activate_lang("ru_RU")
        leader = new_test_user(
            self.env, "test_leader", groups="sales_team.group_sale_salesman", lang="ru_RU"
        )
        self.team.user_id = leader
        chance = random.Random(7)
        self.enter(self.sidorov, (30, 20, 9, 4, 1), datetime(2026, 5, 20, 9))
        for _slice in range(20):
            user = chance.choice((self.head, leader, self.ivanov, self.sidorov))
            first = datetime(2026, 3, 20) + timedelta(days=chance.randint(0, 70))
            last = first + timedelta(days=chance.randint(0, 60))
            options = {
                "date_from": str(first.date()),
                "date_to": str(last.date()),
                "role": chance.choice((None, "hunter", "farmer")),
                "mature_only": False,
            }
            board = self.board(user, **options)
            domain = [
                ("team_id", "=", self.team.id),
                ("entered_at", ">=", first),
                ("entered_at", "<", last + timedelta(days=1)),
            ]
            if options["role"]:
                domain.append(("sales_role", "=", options["role"]))
            report = self.env["crm.funnel.report"].with_user(user)
            measures = ["entered:sum", "advanced:sum", "conversion_rate:avg", "target_rate:avg"]
            expected = {
                (manager.id, transition.id): figures
                for manager, transition, *figures in report._read_group(
                    domain, ["user_id", "next_stage_id"], measures
                )
            }
            names = ("entered", "advanced", "rate", "target")
            found = {
                (cell["manager"], cell["transition"]): [cell[name] for name in names]
                for cell in board["cells"]
            }
            self.assertEqual(found.keys(), expected.keys(), options)
            for key, figures in found.items():
                for ours, theirs in zip(figures, expected[key], strict=True):
                    self.assertAlmostEqual(ours, theirs, places=9)

    def test_maturity_and_verdict_are_dimensions_of_the_report(self):
        self.enter(self.ivanov, (10, 5), NOW - timedelta(hours=20), timedelta(hours=1))
        board = self.board()
        with freeze_time(NOW):
            groups = (
                self.env["crm.funnel.report"]
                .with_user(self.head)
                ._read_group(
                    [("team_id", "=", self.team.id), ("is_mature", "=", True)],
                    ["user_id", "next_stage_id", "verdict"],
                    ["entered:sum", "conversion_rate:avg"],
                )
            )
            young = self.env["crm.funnel.report"].search_count(
                [("team_id", "=", self.team.id), ("is_mature", "=", False)]
            )
        self.assertEqual(
            {
                (user.id, transition.id, verdict, entered, round(rate, 6))
                for user, transition, verdict, entered, rate in groups
            },
            {
                (
                    cell["manager"],
                    cell["transition"],
                    cell["verdict"],
                    cell["entered"],
                    round(cell["rate"], 6),
                )
                for cell in board["cells"]
            },
        )
        self.assertEqual(young, 15)
        self.assertEqual(sum(cell["young_entered"] for cell in board["cells"]), 15)

    def test_salesperson_sees_own_figures_and_the_team_without_names(self):
        board = self.board(self.ivanov)
        self.assertEqual([manager["id"] for manager in board["managers"]], [self.ivanov.id])
        self.assertEqual({cell["manager"] for cell in board["cells"]}, {self.ivanov.id})
        self.assertEqual([t["entered"] for t in board["transitions"]], [500, 438, 354, 269])
        self.assertEqual(board["now"][0]["count"], 50)
        self.assertNotIn("Sidorenko", str(board))
        self.assertFalse(board["teach"])

    def test_totals_are_of_the_own_team_and_company(self):
        company = self.env["res.company"].create({"name": "Other Company"})
        nobody = self.env["res.users"]
        self.enter(nobody, (5, 3), datetime(2026, 4, 1, 9), company_id=company.id)
        board = self.board(self.ivanov)
        self.assertEqual(board["transitions"][0]["entered"], 500)
        stranger = new_test_user(
            self.env, "test_other_team", groups="sales_team.group_sale_salesman"
        )
        self.assertEqual({t["entered"] for t in self.board(stranger)["transitions"]}, {0})

    def test_nobody_else(self):
        portal = new_test_user(self.env, "test_portal", groups="base.group_portal")
        employee = new_test_user(self.env, "test_employee", groups="base.group_user")
        for user in (portal, employee):
            with self.assertRaises(AccessError):
                self.board(user)
        company = self.env["res.company"].create({"name": "Other Company"})
        stranger = new_test_user(
            self.env,
            "test_stranger",
            groups="sales_team.group_sale_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.assertFalse(self.board(stranger)["cells"])
        self.team.company_id = self.env.company
        with self.assertRaises(UserError):
            self.board(stranger)

    def test_bad_input(self):
        for options in (
            {"date_from": "yesterday"},
            {"date_from": "2026-13-01"},
            {"date_from": "2026-06-01", "date_to": "2026-05-01"},
            {"date_from": ["2026-06-01"]},
            {"date_to": "9999-12-31"},
            {"date_from": "0001-01-01"},
            {"weeks": "many"},
            {"weeks": -1},
            {"weeks": 10**9},
            {"role": "boss"},
            {"role": ["hunter"]},
            {"adjust_for": ["name"]},
            {"adjust_for": "1; DROP TABLE crm_lead"},
            {"adjust_for": {"a": 1}},
            {"adjust_for": [["lead_class"]]},
        ):
            with self.assertRaises(UserError, msg=str(options)):
                self.board(**options)
        for options in ({"teams": 1}, ["team_id"], {"weeks": "x"}):
            with self.assertRaises(UserError, msg=str(options)):
                self.Board.with_user(self.head).get_entries_action(self.contract.id, options)
        for team_id in (10**9, -1, "1", [1]):
            with self.assertRaises(UserError, msg=str(team_id)):
                self.Board.with_user(self.head).get_board(team_id)

        board = self.Board.with_user(self.head)
        for wrong in ("1; DROP TABLE crm_lead", [1], {"id": 1}, 10**9):
            with self.assertRaises(UserError, msg=str(wrong)):
                board.get_entries_action(wrong, {"team_id": self.team.id})
            with self.assertRaises(UserError, msg=str(wrong)):
                board.get_standing_action(wrong, self.team.id)
            with self.assertRaises(UserError, msg=str(wrong)):
                board.get_plan_action(wrong, "Mentoring")

    def test_gap_of_nothing_is_a_gap(self):
        self.acquaintance.target_rate = 80
        self.History._refresh_targets(self.acquaintance)
        [ivanov] = [m for m in self.board()["managers"] if m["id"] == self.ivanov.id]
        self.assertAlmostEqual(ivanov["worst_gap"], -10)
        board = self.board(date_from="2026-04-01", date_to="2026-04-01")
        [ivanov] = [m for m in board["managers"] if m["id"] == self.ivanov.id]
        self.assertEqual(ivanov["worst_gap"], 0)

    def test_reads_only(self):
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor(readonly=True) as cr:
            board = self.Board.with_env(self.env(cr=cr, user=self.head))
            with freeze_time(NOW):
                self.assertTrue(board.get_board(self.team.id)["cells"])
                board.get_entries_action(self.presentation.id, {"team_id": self.team.id})
                board.get_standing_action(None, self.team.id, lacking="time")

    def test_queries_do_not_grow_with_managers(self):
        self.board()
        self.count_queries(self.head)
        few = self.count_queries(self.head)
        for number in range(8):
            user = new_test_user(
                self.env, f"test_more_{number}", groups="sales_team.group_sale_salesman"
            )
            self.enter(user, (3, 2, 1), datetime(2026, 4, 2, 9))
        self.count_queries(self.head)
        self.assertEqual(self.count_queries(self.head), few)
        self.assertLessEqual(few, 22)

    def test_nothing_is_compiled(self):
        """Compiling the board's statements would take several times as long as they do."""
        ledger = self.env["crm.lead.stage.history"].sudo()
        leads = self.env["crm.lead"].search([("team_id", "=", self.team.id)])
        for reader in (
            self.board,
            lambda: leads.search([("next_step_state", "=", "none")]),
            lambda: leads.search([("is_over_cycle", "=", True)]),
            lambda: self.env["crm.funnel.report"].search_count([]),
            lambda: ledger._backfill(leads.ids),
        ):
            self.env.cr.precommit.data.pop(_INTERPRETED, None)
            self.env.cr.execute("SET LOCAL jit = on")
            reader()
            self.env.cr.execute("SHOW jit")
            self.assertEqual(self.env.cr.fetchone(), ("off",))

    def count_queries(self, user):
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        with freeze_time(NOW):
            self.Board.with_user(user).get_board(self.team.id)
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestMix(BoardCase):
    """Easy clients (class A) advance in 90 of 100 cases, hard ones (class C) in 50."""

    def enter_mix(self, user, easy, hard):
        """``(entered, advanced)`` of easy and of hard clients."""
        for lead_class, counts in (("a", easy), ("c", hard)):
            self.enter(user, counts, datetime(2026, 4, 1, 9), lead_class=lead_class)

    def cells(self, **options):
        board = self.board(**options)
        return {
            cell["manager"]: cell
            for cell in board["cells"]
            if cell["transition"] == self.acquaintance.id
        }

    def test_harder_list_and_equal_skill(self):
        self.acquaintance.target_rate = 70
        self.enter_mix(self.ivanov, (40, 36), (160, 80))
        self.enter_mix(self.sidorov, (160, 144), (40, 20))
        raw, adjusted = self.cells(), self.cells(adjust_for=["lead_class"])
        self.assertEqual(raw[self.ivanov.id]["verdict"], "below")
        self.assertEqual(raw[self.sidorov.id]["verdict"], "above")
        for user in (self.ivanov, self.sidorov):
            self.assertEqual(adjusted[user.id]["verdict"], "on_target")
            self.assertAlmostEqual(adjusted[user.id]["adjusted_rate"], 70)

    def test_easier_list_hides_a_weakness(self):
        self.acquaintance.target_rate = 70
        self.enter_mix(self.ivanov, (160, 128), (40, 12))  # 80 % and 30 %, together 70 %
        self.enter_mix(self.sidorov, (40, 40), (160, 112))  # 100 % and 70 %, together 76 %
        raw, adjusted = self.cells(), self.cells(adjust_for=["lead_class"])
        self.assertEqual(raw[self.ivanov.id]["verdict"], "on_target")
        self.assertEqual(adjusted[self.ivanov.id]["verdict"], "below")

    def test_compared_with_the_period_before(self):
        self.enter(self.ivanov, (40, 10), datetime(2026, 2, 1, 9))
        self.enter(self.ivanov, (40, 20), datetime(2026, 4, 1, 9))
        [cell] = self.cells(date_from="2026-03-20", date_to="2026-05-20", compare=True).values()
        self.assertEqual((cell["rate"], cell["previous_rate"]), (50, 25))
        self.assertEqual((cell["entered"], cell["previous_entered"]), (40, 40))


@tagged("post_install", "-at_install")
class TestMaturity(BoardCase):
    def horizon(self):
        return self.board()["transitions"][0]["horizon"]

    def test_normal_days_until_enough_advanced(self):
        self.list.normal_days = 9
        self.assertEqual(self.horizon(), 9)
        self.enter(self.ivanov, (19, 19), datetime(2026, 4, 1, 9), timedelta(days=2))
        self.assertEqual(self.horizon(), 9)
        self.enter(self.ivanov, (1, 1), datetime(2026, 4, 1, 9), timedelta(days=2))
        self.assertEqual(self.horizon(), 2)

    def test_default_normal_days(self):
        self.list.normal_days = 0
        self.env["ir.config_parameter"].set_param("sales_funnel_control.normal_days", "21")
        self.assertEqual(self.horizon(), 21)

    def test_ninetieth_percentile_of_the_last_year(self):
        for days in range(1, 21):
            self.enter(self.ivanov, (1, 1), datetime(2026, 4, 1, 9), timedelta(days=days))
        self.enter(self.ivanov, (30, 30), datetime(2025, 4, 1, 9), timedelta(days=40))
        self.assertAlmostEqual(self.horizon(), 18.1)

    def test_two_roles_are_two_lines(self):
        self.enter(self.ivanov, (30, 20), datetime(2026, 4, 1, 9))
        member = self.team.crm_team_member_ids.filtered(lambda m: m.user_id == self.ivanov)
        member.sales_role = "farmer"
        self.enter(self.ivanov, (30, 10), datetime(2026, 4, 8, 9))
        board = self.board()
        self.assertEqual(
            [(m["sales_role"], m["entered"]) for m in board["managers"]],
            [("hunter", 50), ("farmer", 40)],
        )
        self.assertEqual(
            [m["sales_role"] for m in self.board(role="farmer")["managers"]], ["farmer"]
        )


@tagged("post_install", "-at_install")
class TestPlan(BoardCase):
    def test_activity_with_the_manager(self):
        action = self.Board.with_user(self.head).get_plan_action(self.ivanov.id, "Mentoring")
        form = Form(
            self.env["mail.activity"].with_user(self.head).with_context(**action["context"]),
            action["views"][0][0],
        )
        activity = form.save()
        self.assertEqual(
            (activity.summary, activity.user_id, activity.res_model, activity.res_id),
            ("Mentoring", self.ivanov, "res.partner", self.ivanov.partner_id.id),
        )
        with self.assertRaises(UserError):
            self.Board.with_user(self.head).get_plan_action(10**9, "Mentoring")
