from collections import defaultdict

from odoo import models
from odoo.tools.misc import get_lang

from ..tools import mix, verdicts
from .crm_control_board_tally import Who


class CrmControlBoard(models.AbstractModel):
    """What can fairly be said of a manager at a transition, and how it came about."""

    _inherit = "crm.control.board"

    def _judged(self, request, rules, cells, order, team_counts):
        """The :class:`~..tools.verdicts.Seat` of every cell of a manager, by cell."""
        named = [(who, transition) for who, transition in order if who.user_id]
        ease = self._ease(request, rules, team_counts)
        seats = [
            verdicts.Cell(
                tally.entered, tally.advanced, tally.target, ease.get((who, transition), 1.0)
            )
            for who, transition in named
            for tally in [cells[who, transition].mature]
        ]
        return {
            key: verdicts.Seat(key[0], key[0].sales_role, key[1], cell, verdict)
            for key, cell, verdict in zip(named, seats, verdicts.judge(seats, rules), strict=True)
        }

    def _ease(self, request, rules, counts):
        """How much easier each manager's list is, by cell; nothing where it does not matter."""
        if not request.adjust_for:
            return {}
        figures = defaultdict(lambda: defaultdict(lambda: [0, 0]))
        for count in counts:
            if count.is_mature and not count.is_previous:
                who = Who(count.user_id, count.sales_role)
                figure = figures[count.next_stage_id][who, count.stratum]
                figure[0] += count.entered
                figure[1] += count.advanced
        return {
            (who, transition): ease
            for transition, by_stratum in figures.items()
            for who, ease in mix.ease(by_stratum, rules.minimum).items()
        }

    def _cell(self, request, rules, who, transition, entries, judged):
        seat = judged.get((who, transition))
        verdict = seat.verdict if seat else None
        mature = entries.mature
        adjusts = bool(request.adjust_for and seat and mature.entered)
        return {
            "key": self._manager_key(*who),
            "manager": who.user_id or False,
            "transition": transition,
            **self._rates(request, entries),
            "mature_entered": mature.entered,
            "mature_advanced": mature.advanced,
            "adjusted_rate": seat.cell.rate if adjusts else False,
            "missing": max(0, rules.minimum - mature.entered) if seat else 0,
            "verdict": verdict or False,
        }

    def _explain(self, rules, shown, seats):
        """Add to each cell how its verdict came about, in a sentence."""
        point = get_lang(self.env).decimal_point
        for cell, seat in zip(shown, seats, strict=True):
            adjusts = cell["adjusted_rate"] is not False
            cell["explanation"] = self._explanation(rules, seat, adjusts, point) if seat else ""

    def _explanation(self, rules, seat, adjusts, point):
        cell = seat.cell
        if seat.verdict == verdicts.INSUFFICIENT:
            return self.env._(
                "%(entered)s mature entries of the %(minimum)s that a verdict needs: "
                "%(missing)s more to come.",
                entered=cell.entered,
                minimum=rules.minimum,
                missing=rules.minimum - cell.entered,
            )
        figures = {
            "advanced": cell.advanced,
            "entered": cell.entered,
            "rate": self._percent(100 * cell.advanced / cell.entered, point),
            "adjusted": self._percent(cell.rate, point),
            "target": self._percent(cell.target or 0, point),
            "tolerance": self._percent(rules.tolerance, point),
        }
        if cell.target is None:
            return self.env._(
                "%(advanced)s of %(entered)s mature entries, %(rate)s %%; no target is set.",
                **figures,
            )
        if adjusts:
            basis = self.env._(
                "%(advanced)s of %(entered)s mature entries, %(rate)s %%, "
                "adjusted for the mix %(adjusted)s %%, target %(target)s %%",
                **figures,
            )
        else:
            basis = self.env._(
                "%(advanced)s of %(entered)s mature entries, %(rate)s %%, target %(target)s %%",
                **figures,
            )
        return self._conclusion(rules, seat, basis, figures["tolerance"])

    def _conclusion(self, rules, seat, basis, tolerance):
        if seat.verdict == verdicts.BELOW:
            return self.env._("%(basis)s: below, beyond chance.", basis=basis)
        if seat.verdict == verdicts.ABOVE:
            return self.env._("%(basis)s: above, beyond chance.", basis=basis)
        if abs(seat.cell.rate - seat.cell.target) <= rules.tolerance:
            return self.env._(
                "%(basis)s: on target, within %(tolerance)s points of it.",
                basis=basis,
                tolerance=tolerance,
            )
        return self.env._("%(basis)s: the difference may be chance.", basis=basis)

    @staticmethod
    def _percent(value, point):
        """A figure with one decimal at most, as a language with this decimal point writes it."""
        return f"{value:.1f}".removesuffix(".0").replace(".", point)

    def _teach(self, rules, judged):
        return [
            {
                "learner": learner.manager.user_id,
                "learner_key": self._manager_key(*learner.manager),
                "teacher": teacher.manager.user_id,
                "teacher_key": self._manager_key(*teacher.manager),
                "transition": learner.transition,
                "learner_rate": learner.cell.rate,
                "teacher_rate": teacher.cell.rate,
            }
            for learner, teacher in verdicts.pair(list(judged.values()), rules)
        ]
