"""The watch's arithmetic: examples, and how often it shouts without cause."""

import doctest
import random
from datetime import date, timedelta
from math import exp
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools import purchases

ROUNDS = 1500
GAPS = st.lists(st.integers(1, 400), min_size=2, max_size=20)
AMOUNTS = st.lists(st.integers(1, 10**6), min_size=13, max_size=13)


def in_days(gaps):
    days = [0]
    for gap in gaps:
        days.append(days[-1] + gap)
    return days


def draw_gaps(chance, spread, count):
    return [max(1, round(60 * exp(chance.gauss(0, spread)))) for _each in range(count)]


@tagged("post_install", "-at_install")
class TestWatchTools(BaseCase):
    def test_examples(self):
        result = doctest.testmod(purchases)
        self.assertTrue(result.attempted)
        self.assertFalse(result.failed)

    def test_steady_buyers_are_rarely_overdue(self):
        """At most five of a hundred purchases come when the client is called overdue already."""
        chance = random.Random(7)
        for spread in (0.05, 0.12, 0.25, 0.5):
            for count in (2, 3, 5, 10, 20):
                late = 0
                for _each in range(ROUNDS):
                    *gaps, following = draw_gaps(chance, spread, count + 1)
                    own = purchases.rhythm(in_days(gaps))
                    late += following >= purchases.days_until_overdue(own, spread)
                self.assertLess(late / ROUNDS, 0.06, f"{spread} after {count} gaps")

    def test_real_silence_is_seen(self):
        """A punctual client that stays away is told of before two intervals have passed."""
        own = purchases.rhythm(in_days([29, 31, 30, 28, 30, 33]))
        self.assertLess(purchases.days_until_overdue(own, 0.12), 45)

    def test_noise_is_no_trend(self):
        chance = random.Random(9)
        wrong = 0
        for _each in range(ROUNDS):
            days = in_days(draw_gaps(chance, 0.3, 12))
            amounts = [exp(chance.gauss(5, 0.5)) for _day in days]
            wrong += purchases.trend(days, amounts).direction != purchases.STEADY
        self.assertLess(wrong / ROUNDS, 0.055)

    def test_halved_volume_is_seen(self):
        chance = random.Random(11)
        seen = 0
        for _each in range(200):
            days = in_days(draw_gaps(chance, 0.1, 12))
            amounts = [chance.uniform(90, 110) * (0.5 if n > 8 else 1) for n in range(13)]
            seen += purchases.trend(days, amounts).direction == purchases.FALLING
        self.assertGreater(seen, 195)

    def test_borders_of_a_trend(self):
        """Nine purchases tell, eight do not; 25 per cent tell, 24 do not."""
        for count, last, expected in (
            (9, 75, purchases.FALLING),
            (8, 75, None),
            (9, 76, purchases.STEADY),
            (9, 125, purchases.GROWING),
            (9, 124, purchases.STEADY),
        ):
            days = [30 * number for number in range(count)]
            amounts = [100] * (count - 3) + [last] * 3
            self.assertEqual(purchases.trend(days, amounts).direction, expected, (count, last))

    def test_three_purchases_tell_of_a_rhythm(self):
        self.assertIsNone(purchases.rhythm([0, 30]))
        self.assertEqual(purchases.rhythm([0, 30, 60]).interval, 30)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(GAPS, st.integers(2, 9))
    def test_time_has_no_scale(self, gaps, factor):
        own, other = (
            purchases.rhythm(in_days([gap * times for gap in gaps])) for times in (1, factor)
        )
        self.assertAlmostEqual(own.interval * factor, other.interval)
        self.assertAlmostEqual(own.spread, other.spread)
        days = (purchases.days_until_overdue(each, 0.3) for each in (own, other))
        short, long = days
        self.assertLessEqual(abs(short * factor - long), factor)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(AMOUNTS, st.lists(st.integers(1, 60), min_size=12, max_size=12), st.integers(2, 1000))
    def test_money_has_no_scale(self, amounts, gaps, factor):
        days = in_days(gaps)
        trend = purchases.trend(days, amounts)
        other = purchases.trend(days, [amount * factor for amount in amounts])
        self.assertEqual(trend.direction, other.direction)
        self.assertAlmostEqual(trend.percent, other.percent)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(GAPS, st.floats(0.01, 2))
    def test_overdue_comes_after_due(self, gaps, usual):
        own = purchases.rhythm(in_days(gaps))
        self.assertEqual(own.interval, median(gaps))
        self.assertGreater(purchases.days_until_overdue(own, usual), own.interval)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(GAPS, st.integers(0, 500))
    def test_back_test_as_counted_by_hand(self, gaps, silence):
        first = date(2020, 1, 1)
        days = [first + timedelta(days=day) for day in in_days(gaps)]
        today = days[-1] + timedelta(days=silence)
        found = purchases.back_test(days, today, 0.2, 3)
        expected = []
        for count in range(3, len(days) + 1):
            own = purchases.rhythm(in_days(gaps[: count - 1]))
            overdue = purchases.days_until_overdue(own, 0.2)
            lost = int(3 * own.interval)
            waited = gaps[count - 1] if count <= len(gaps) else silence
            if count <= len(gaps) or waited >= lost:
                early = lost - overdue if waited >= max(overdue, lost) else None
                expected.append((waited >= overdue, waited >= lost, early))
        self.assertEqual(
            [(each.is_warned, each.is_lost, each.days_early) for each in found], expected
        )
