"""The formulas of the scorecard: bounded, monotone, and weights that rescale."""

import doctest

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools import scorecard
from ..tools.scorecard import Part, attainment, score, shares

AMOUNTS = st.floats(0, 1e6)
PARTS = st.lists(st.builds(Part, AMOUNTS, AMOUNTS), max_size=6)
CAPS = st.floats(100, 300)
NAMES = st.sampled_from(["contacts", "completeness", "conversion", "sales", "tasks"])
WEIGHTS = st.dictionaries(NAMES, st.floats(0, 1e4))
ATTAINED = st.dictionaries(NAMES, st.none() | st.floats(0, 300))


@tagged("post_install", "-at_install")
class TestScorecardTools(BaseCase):
    def test_examples(self):
        failed, tried = doctest.testmod(scorecard)
        self.assertTrue(tried)
        self.assertFalse(failed)

    def test_borders(self):
        self.assertEqual(attainment([Part(12, 12)]), 100)
        self.assertEqual(attainment([Part(11, 12), Part(0, 0)]), 100 * 11 / 12)
        self.assertEqual(attainment([Part(13, 12)]), 100)
        self.assertIsNone(attainment([]))
        # Twenty calls too many make up for no meeting.
        self.assertEqual(attainment([Part(0, 10), Part(30, 10)]), 50)

    @given(PARTS, CAPS)
    @settings(max_examples=200, deadline=None)
    def test_bounded(self, parts, cap):
        value = attainment(parts, cap)
        if any(part.due > 0 for part in parts):
            self.assertTrue(0 <= value <= cap * (1 + 1e-9), value)
        else:
            self.assertIsNone(value)

    @given(PARTS, CAPS, st.integers(0, 5), AMOUNTS)
    @settings(max_examples=200, deadline=None)
    def test_doing_more_never_costs(self, parts, cap, place, more):
        value = attainment(parts, cap)
        if value is None or place >= len(parts):
            return
        better = list(parts)
        better[place] = Part(parts[place].done + more, parts[place].due)
        self.assertGreaterEqual(attainment(better, cap) * (1 + 1e-9), value)

    @given(WEIGHTS)
    @settings(max_examples=200, deadline=None)
    def test_shares_add_up(self, weights):
        found = shares(weights)
        if sum(weights.values()):
            self.assertAlmostEqual(sum(found.values()), 100)
            self.assertEqual(found.keys(), weights.keys())
        else:
            self.assertEqual(found, {})

    @given(ATTAINED, WEIGHTS, st.floats(0.01, 100))
    @settings(max_examples=200, deadline=None)
    def test_score(self, attained, weights, factor):
        found = score(attained, weights)
        counted = [
            value
            for name, value in attained.items()
            if value is not None and weights.get(name, 0) > 0
        ]
        total = sum(each.points for each in found.values())
        if not counted:
            self.assertEqual(found, {})
            return
        self.assertAlmostEqual(sum(each.share for each in found.values()), 100)
        self.assertTrue(min(counted) - 1e-6 <= total <= max(counted) + 1e-6)
        # Only the weights' proportion matters.
        scaled = score(attained, {name: weight * factor for name, weight in weights.items()})
        if len(scaled) == len(found):
            self.assertAlmostEqual(
                sum(each.points for each in scaled.values()), total, delta=1e-6 * max(1, total)
            )
