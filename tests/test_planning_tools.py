import doctest
import random
from fractions import Fraction
from unittest.mock import patch

from odoo.tests import BaseCase, tagged

from ..tools import forecast, planning
from ..tools.forecast import Deal

RATES = [100, 80, 80, 95]


@tagged("post_install", "-at_install")
class TestPlanningTools(BaseCase):
    """The arithmetic of plans, without a database."""

    def test_examples(self):
        for module in (planning, forecast):
            result = doctest.testmod(module)
            self.assertTrue(result.attempted)
            self.assertFalse(result.failed)

    def test_reference_funnel(self):
        self.assertEqual(planning.forward(100, RATES)[-1], Fraction(304, 5))
        self.assertEqual(planning.whole(planning.reverse(61, RATES)[0]), 101)
        self.assertEqual(planning.whole(planning.reverse(60.8, RATES)[0]), 100)
        self.assertEqual(planning.whole(planning.reverse(60.81, RATES)[0]), 101)

    def test_floats_need_nobody_more(self):
        """What comes out of any number of clients needs these clients again."""
        chance = random.Random(4)
        for _each in range(300):
            clients = chance.randint(1, 5000)
            rates = [chance.randint(1, 1000) / 10 for _stage in range(3)]
            deals = planning.forward(clients, rates)[-1]
            back = deals
            for rate in reversed(rates):
                back = back * 100 / planning.exact(rate)
            self.assertEqual(back, clients)
            needed = planning.reverse(planning.whole(deals), rates)
            self.assertGreaterEqual(planning.forward(planning.whole(needed[0]), rates)[-1], deals)

    def test_days_add_up_to_the_week(self):
        chance = random.Random(9)
        for _each in range(200):
            amounts = [chance.choice((0, 0.3, 1.25, 3.5)) for _day in range(chance.randint(1, 25))]
            numbers = planning.evenly(amounts)
            for place in range(len(amounts)):
                difference = sum(numbers[: place + 1]) - sum(amounts[: place + 1])
                self.assertLessEqual(abs(difference), 0.5 + 1e-9)

    def test_stages_take_turns(self):
        """Four stages with one contact in four days each make one contact a day."""
        stages = [planning.evenly([0.25] * 12, place, 4) for place in range(4)]
        self.assertEqual([sum(day) for day in zip(*stages, strict=True)], [1] * 12)
        for numbers in stages:
            for days in range(13):
                self.assertLessEqual(abs(sum(numbers[:days]) - 0.25 * days), 1)

    def test_interval_covers_the_outcome(self):
        """500 pipelines, each with its own history: 90-97 % of the outcomes lie within."""
        chance = random.Random(2026)
        inside = {"number": 0, "amount": 0}
        for _pipeline in range(500):
            deals, number, amount = self._pipeline(chance)
            found = forecast.forecast(deals)
            inside["number"] += found.number.low <= number <= found.number.high
            inside["amount"] += found.amount.low <= amount <= found.amount.high
        for name, count in inside.items():
            self.assertGreaterEqual(count / 500, 0.9, name)
            self.assertLessEqual(count / 500, 0.97, name)

    def _pipeline(self, chance):
        """Deals with what is known of their like, and how many are won in truth."""
        deals, number, amount = [], 0, 0.0
        for stage in range(3):
            share = chance.uniform(0.1, 0.8)
            total = chance.randint(15, 80)
            won = sum(chance.random() < share for _deal in range(total))
            for _deal in range(chance.randint(5, 30)):
                worth = chance.choice((3, 5, 8, 12, 20, 35))
                deals.append(Deal(won, total, worth, stage))
                if chance.random() < share:
                    number += 1
                    amount += worth
        return deals, number, amount

    def test_nearly_alike_histories_are_drawn_together(self):
        """1,000 deals, each of another age, cost as little as some dozens."""
        chance = random.Random(7)
        deals = []
        for number in range(1000):
            total = chance.randint(100, 400)
            share = chance.uniform(0.1, 0.5)
            deals.append(Deal(total * share, total, chance.choice((5, 9, 400)), number % 5))
        with patch.object(forecast, "_draw_shares", wraps=forecast._draw_shares) as drawn:
            found = forecast.forecast(deals)
        self.assertLess(drawn.call_count, 200)
        shares = [(deal.won + 0.5) / (deal.total + 1) for deal in deals]
        self.assertAlmostEqual(found.number.expected, sum(shares))
        worth = sum(share * deal.amount for share, deal in zip(shares, deals, strict=True))
        self.assertAlmostEqual(found.amount.expected, worth)
        # Were the histories known for sure, the interval would be this wide.
        least = 2 * 1.96 * sum(share * (1 - share) for share in shares) ** 0.5
        self.assertGreater(found.number.high - found.number.low, 0.95 * least)
        self.assertLess(found.number.high - found.number.low, 2 * least)

    def test_same_figures_each_time(self):
        deals = [Deal(3, 10, 5.0, 1), Deal(7, 9, 8.0, 2)] * 20
        self.assertEqual(forecast.forecast(deals), forecast.forecast(deals))

    def test_uncertain_history_widens_the_interval(self):
        """Of a short history all deals are uncertain together."""
        short = forecast.forecast([Deal(3, 6)] * 60).number
        long = forecast.forecast([Deal(300, 600)] * 60).number
        self.assertGreater(short.high - short.low, 1.7 * (long.high - long.low))

    def test_overlapping_histories_go_together(self):
        apart = forecast.forecast([Deal(5, 10 + age, 1, age) for age in range(40)]).number
        together = forecast.forecast([Deal(5, 10 + age, 1, "stage") for age in range(40)]).number
        self.assertGreater(together.high - together.low, apart.high - apart.low)
        self.assertAlmostEqual(together.expected, apart.expected)

    def test_no_history_is_no_chance(self):
        found = forecast.forecast([Deal(0, 0, 100), Deal(1, 1, 1)])
        self.assertEqual(found.unknown, 1)
        self.assertLessEqual(found.amount.high, 1)
