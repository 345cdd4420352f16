"""The ledger's invariants under random sequences of operations (DESIGN.md, "The ledger")."""

from collections import Counter
from datetime import datetime, timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from .common import FunnelCase

LEADS = st.integers(0, 3)
STAGES = st.integers(0, 4)
USERS = st.integers(0, 2)
# Shrinking replays hundreds of sequences on a database: it is left to who looks into a failure.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
MINUTES = st.sampled_from([1, 3, 7, 60, 3000])

OPERATIONS = st.one_of(
    st.tuples(st.just("move"), LEADS, STAGES),
    st.tuples(st.just("move"), LEADS, STAGES),
    st.tuples(st.just("create"), STAGES, USERS),
    st.tuples(st.just("create_other_team"), STAGES),
    st.tuples(st.just("import"), STAGES, st.booleans()),
    st.tuples(st.just("lose"), LEADS, st.booleans()),
    st.tuples(st.just("restore"), LEADS),
    st.tuples(st.just("archive"), LEADS),
    st.tuples(st.just("unarchive"), LEADS),
    st.tuples(st.just("assign"), LEADS, USERS),
    st.tuples(st.just("team"), LEADS),
    st.tuples(st.just("win"), LEADS),
    st.tuples(st.just("merge"), LEADS, LEADS),
    st.tuples(st.just("delete"), LEADS),
    st.tuples(st.just("batch"), STAGES, USERS),
    st.tuples(st.just("move_and_assign"), LEADS, STAGES, USERS),
    st.tuples(st.just("to_lead"), LEADS),
    st.tuples(st.just("convert"), LEADS),
    st.tuples(st.just("probability"), LEADS, st.sampled_from([0, 20, 60])),
)


class Player:
    """Plays operations on leads, moving the clock before each."""

    def __init__(self, case):
        self.case = case
        self.env = case.env
        self.now = datetime(2026, 2, 2, 9)
        self.leads = self.env["crm.lead"]
        self.merged = set()

    def play(self, operations):
        for (name, *arguments), minutes in operations:
            self.now += timedelta(minutes=minutes)
            with freeze_time(self.now):
                self.do(name, *arguments)
                self.env.cr.flush()

    def do(self, name, *arguments):
        if not self.leads.exists():
            self.do_create(0, 0)
        else:
            getattr(self, f"do_{name}")(*arguments)

    def lead(self, number):
        leads = self.leads.exists()
        return leads[number % len(leads)]

    def user(self, number):
        return [self.case.ivanov, self.case.sidorov, self.env["res.users"]][number]

    def stages_of(self, lead):
        return self.case.other_stages if lead.team_id == self.case.other else self.case.stages

    def do_create(self, stage, user):
        lead = self.env["crm.lead"].create(
            {
                "name": "Lead",
                "type": "opportunity",
                "team_id": self.case.team.id,
                "user_id": self.user(user).id,
                "stage_id": self.case.stages[stage].id,
            }
        )
        self.leads |= lead

    def do_create_other_team(self, stage):
        self.leads |= self.env["crm.lead"].create(
            {
                "name": "Lead",
                "type": "opportunity",
                "team_id": self.case.other.id,
                "user_id": False,
                "stage_id": self.case.other_stages[stage].id,
            }
        )

    def do_import(self, stage, is_lost):
        result = self.env["crm.lead"].load(
            ["name", "type", "team_id/.id", "user_id/.id", "stage_id/.id", "active", "probability"],
            [
                [
                    "Imported",
                    "opportunity",
                    str(self.case.team.id),
                    str(self.case.ivanov.id),
                    str(self.case.stages[min(stage, 3) if is_lost else stage].id),
                    "0" if is_lost else "1",
                    "0" if is_lost else ("100" if stage == 4 else "10"),
                ]
            ],
        )
        self.case.assertFalse(result["messages"])
        self.leads |= self.env["crm.lead"].browse(result["ids"])

    def do_move(self, number, stage):
        lead = self.lead(number)
        lead.stage_id = self.stages_of(lead)[stage]

    def do_move_and_assign(self, number, stage, user):
        lead = self.lead(number)
        lead.write(
            {
                "stage_id": self.stages_of(lead)[stage].id,
                "team_id": lead.team_id.id,
                "user_id": self.user(user).id,
            }
        )

    def do_batch(self, stage, user):
        leads = self.leads.exists().filtered(lambda lead: lead.team_id == self.case.team)
        leads.write({"stage_id": self.case.stages[stage].id, "user_id": self.user(user).id})

    def do_lose(self, number, with_reason):
        lead = self.lead(number)
        if not lead.stage_id.is_won:
            lead.action_set_lost(**({"lost_reason_id": self.case.reason.id} if with_reason else {}))

    def do_restore(self, number):
        lead = self.lead(number)
        if not lead.stage_id.is_won:  # Odoo restores no lead that was won and archived
            lead.action_restore()

    def do_archive(self, number):
        self.lead(number).action_archive()

    def do_unarchive(self, number):
        self.lead(number).action_unarchive()

    def do_assign(self, number, user):
        self.lead(number).user_id = self.user(user)

    def do_team(self, number):
        lead = self.lead(number)
        lead.team_id = self.case.team if lead.team_id == self.case.other else self.case.other

    def do_win(self, number):
        self.lead(number).action_set_won()

    def do_merge(self, one, two):
        leads = self.lead(one) | self.lead(two)
        if len(leads) == 2:
            survivor = leads._merge_opportunity()
            self.merged.add(survivor.id)

    def do_delete(self, number):
        self.lead(number).unlink()

    def do_to_lead(self, number):
        self.lead(number).type = "lead"

    def do_convert(self, number):
        lead = self.lead(number)
        if lead.type == "lead":
            lead.convert_opportunity(False)

    def do_probability(self, number, probability):
        lead = self.lead(number)
        if not lead.stage_id.is_won:
            lead.probability = probability


class InvariantCase(FunnelCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls._make_team("Test Others")
        cls.other_stages = cls._build_funnel(cls.other)
        cls.set_grace(5)

    def rows(self, leads):
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT stay.*, stage.is_won
              FROM crm_lead_stage_history stay
         LEFT JOIN crm_stage stage ON stage.id = stay.stage_id
             WHERE lead_id = ANY(%s)
          ORDER BY lead_id, entered_at, left_at, stay.id
            """,
            [leads.ids],
        )
        return self.env.cr.dictfetchall()

    def check_mirror(self, leads):
        """1: at most one open stay, and it mirrors the lead."""
        rows = self.rows(leads)
        for lead in leads:
            open_rows = [r for r in rows if r["lead_id"] == lead.id and r["left_at"] is None]
            if lead.active and lead.type == "opportunity":
                self.assertEqual(
                    [(r["stage_id"], r["team_id"], r["user_id"]) for r in open_rows],
                    [(lead.stage_id.id, lead.team_id.id or None, lead.user_id.id or None)],
                )
            else:
                self.assertFalse(open_rows)

    def check_balance(self, leads):
        """2: entries = still there + the sum of the other exits, per manager and stage.

        Who is still there, the opportunities themselves tell.
        """
        balance = Counter()
        for row in self.rows(leads):
            place = (row["user_id"], row["stage_id"])
            balance[place] += 1
            balance[place] -= row["exit"] != "still_there"
        standing = Counter(
            (lead.user_id.id or None, lead.stage_id.id)
            for lead in leads.exists()
            if lead.active and lead.type == "opportunity" and lead.stage_id
        )
        self.assertEqual(+balance, standing)

    def check_funnel(self, leads):
        """3: entered never grows along a funnel; who advanced has entered the next stage."""
        for team, stages in ((self.team, self.stages), (self.other, self.other_stages)):
            rows = [r for r in self.rows(leads) if r["team_id"] == team.id and r["is_cohort"]]
            entered = [sum(r["stage_id"] == stage.id for r in rows) for stage in stages]
            advanced = [
                sum(r["stage_id"] == stage.id and r["reached_next"] for r in rows)
                for stage in stages
            ]
            self.assertEqual(entered, sorted(entered, reverse=True))
            self.assertTrue(all(a <= e for a, e in zip(advanced, entered[1:], strict=False)))

    def check_order(self, leads):
        """4: stays of a lead do not overlap and none has negative length."""
        rows = self.rows(leads)
        for before, after in zip(rows, rows[1:], strict=False):
            if before["lead_id"] == after["lead_id"]:
                self.assertIsNotNone(before["left_at"])
                self.assertLessEqual(before["left_at"], after["entered_at"])
        self.assertTrue(all(r["left_at"] is None or r["left_at"] >= r["entered_at"] for r in rows))

    def check_derived(self, leads):
        """5: derived columns computed anew from the stays are the same."""
        before = self.rows(leads)
        self.History._derive(leads.ids)
        self.assertEqual(self.rows(leads), before)
        self.assertFalse(
            any(r["reached_next"] for r in before if not r["is_cohort"]),
            "only cohort rows carry a passage",
        )

    def check_register(self, leads, merged):
        """Every stay that ended in a refusal has one on the register, like it in all it keeps.

        A merge makes one way of several: the refusals tell how it was before.
        """
        refused = [row for row in self.rows(leads) if row["exit"] == "refused"]
        refusals = self.env["crm.lead.refusal"].search([("lead_id", "in", leads.ids)])
        by_stay = {refusal.stay_id.id: refusal for refusal in refusals if refusal.stay_id}
        self.assertEqual(len(by_stay), len(refusals.filtered("stay_id")))
        self.assertEqual(set(by_stay), {row["id"] for row in refused})
        for row in refused:
            refusal = by_stay[row["id"]]
            self.assertEqual(refusal.lost_reason_id.id or None, row["lost_reason_id"])
            if row["lead_id"] in merged:
                continue
            for name in ("lead_id", "stage_id", "user_id", "team_id"):
                self.assertEqual(refusal[name].id or None, row[name], name)
            self.assertEqual(refusal.refused_at, row["left_at"])

    def check_all(self, leads, merged):
        self.check_register(leads, merged)
        self.check_mirror(leads)
        self.check_balance(leads)
        self.check_funnel(leads)
        self.check_order(leads)
        self.check_derived(leads)


@tagged("post_install", "-at_install")
class TestInvariants(InvariantCase):
    def test_random_operations(self):
        @settings(
            max_examples=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            phases=PHASES,
        )
        @given(
            st.lists(st.tuples(OPERATIONS, MINUTES), min_size=25, max_size=40),
        )
        def play(operations):
            with self.env.cr.savepoint() as savepoint:
                player = Player(self)
                player.play(operations)
                self.check_all(player.leads.exists(), player.merged)
                savepoint.rollback()
            self.env.invalidate_all()

        play()
