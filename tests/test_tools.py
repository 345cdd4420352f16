"""The mathematics: doctests with published examples, and how often verdicts are wrong."""

import doctest
import random

from odoo.tests import BaseCase, tagged

from ..tools import chances, matching, mix, outside, proportions, stays, verdicts, working_time

BOARDS = 300
MANAGERS = 12
TARGETS = (100, 80, 80, 95, 90)


def draw(chance, entered, share):
    return sum(chance.random() < share for _each in range(entered))


def seats(chance, entered, skill):
    """A board's cells with verdicts; ``skill(manager, transition)`` is the true rate."""
    keys = [(m, t) for m in range(MANAGERS) for t in range(len(TARGETS))]
    cells = [
        verdicts.Cell(entered, draw(chance, entered, skill(m, t) / 100), TARGETS[t])
        for m, t in keys
    ]
    return [
        verdicts.Seat(m, "hunter", t, cell, verdict)
        for (m, t), cell, verdict in zip(keys, cells, verdicts.judge(cells), strict=True)
    ]


@tagged("post_install", "-at_install")
class TestTools(BaseCase):
    def test_examples(self):
        for module in (chances, matching, mix, outside, proportions, stays, verdicts, working_time):
            failed, tried = doctest.testmod(module)
            self.assertTrue(tried, module.__name__)
            self.assertFalse(failed, module.__name__)

    def test_equal_skill_is_rarely_judged(self):
        for entered in (20, 80, 250):
            chance = random.Random(entered)
            wrong = 0
            for _board in range(BOARDS):
                board = seats(chance, entered, lambda _manager, transition: TARGETS[transition])
                wrong += bool(
                    verdicts.pair(board)
                    or any(seat.verdict != verdicts.ON_TARGET for seat in board)
                )
            self.assertLessEqual(wrong / BOARDS, 0.05, f"{entered} entries")

    def test_who_is_far_below_is_found(self):
        """Twenty points under target, eighty mature entries each."""
        chance = random.Random(1)
        found = 0
        for _board in range(BOARDS):
            board = seats(
                chance,
                80,
                lambda manager, transition: TARGETS[transition] - (0 if manager else 20),
            )
            found += any(seat.verdict == verdicts.BELOW for seat in board[: len(TARGETS)])
        self.assertGreaterEqual(found / BOARDS, 0.8)

    def test_one_weak_transition_is_found_on_the_reference_board(self):
        """The same at one transition of a board of two managers and four transitions."""
        chance = random.Random(3)
        found = 0
        for _board in range(BOARDS):
            cells = [
                verdicts.Cell(80, draw(chance, 80, target / 100), target)
                for target in (100, 80, 80, 95) * 2
            ]
            cells[1] = verdicts.Cell(80, draw(chance, 80, 0.6), 80)
            found += verdicts.judge(cells)[1] == verdicts.BELOW
        self.assertGreaterEqual(found / BOARDS, 0.8)

    def test_exact_against_the_plain_sum(self):
        chance = random.Random(2)
        for _case in range(200):
            trials = chance.randint(1, 60)
            successes = chance.randint(0, trials)
            share = chance.random()
            self.assertAlmostEqual(
                proportions.at_most(successes, trials, share),
                sum(binomial(trials, k, share) for k in range(successes + 1)),
                places=10,
            )

    def test_large_samples(self):
        self.assertAlmostEqual(proportions.at_most(500_000, 1_000_000, 0.5), 0.5, places=3)
        self.assertLess(proportions.at_most(795_000, 1_000_000, 0.8), 1e-30)

    def test_mix_of_one_stratum_changes_nothing(self):
        figures = {(manager, "all"): (40, 10 * manager) for manager in range(4)}
        self.assertEqual(set(mix.ease(figures).values()), {1.0})

    def test_thin_strata_are_taken_together(self):
        figures = {("A", number): (2, 1) for number in range(30)} | {("B", "big"): (60, 30)}
        for ease in mix.ease(figures).values():
            self.assertAlmostEqual(ease, 1.0)


def binomial(trials, successes, share):
    ways = 1
    for step in range(successes):
        ways = ways * (trials - step) // (step + 1)
    return ways * share**successes * (1 - share) ** (trials - successes)
