from odoo import api, fields, models
from odoo.tools import SQL, Query

from ..tools import scorecard
from .crm_scorecard import Fact
from .crm_scorecard_weight import COMPONENTS

LEFT_OUT = [
    ("contacts", "No contacts were owed"),
    ("completeness", "No deals were open"),
    ("transitions", "No client left a stage that has a target"),
    ("conversion", "No mature entries into a stage with a target"),
    ("sales", "No sales target"),
    ("tasks", "No task was due"),
    ("weight", "The company gives it no weight"),
]
_RATE = "points_rate:avg"


class CrmWeeklyReviewScore(models.Model):
    """A component of a manager's scorecard in a week: frozen with the review."""

    _name = "crm.weekly.review.score"
    _description = "Scorecard of a Manager"
    _inherit = "crm.weekly.review.frozen"
    _review_path = "line_id.review_id"
    _order = "week_start desc, line_id, sequence, id"
    _rec_name = "component"

    line_id = fields.Many2one(
        "crm.weekly.review.line", required=True, readonly=True, ondelete="cascade", index=True
    )
    team_id = fields.Many2one(related="line_id.team_id", store=True)
    company_id = fields.Many2one(related="line_id.company_id", store=True)
    currency_id = fields.Many2one(related="line_id.currency_id")
    week_start = fields.Date("Week (Monday)", related="line_id.week_start", store=True)
    user_id = fields.Many2one(
        related="line_id.user_id", string="Manager", store=True, index="btree_not_null"
    )
    sales_role = fields.Selection(related="line_id.sales_role", string="Role", store=True)
    sequence = fields.Integer(readonly=True, aggregator=None)
    component = fields.Selection(COMPONENTS, required=True, readonly=True)
    value = fields.Float(
        readonly=True,
        aggregator=None,
        digits=(16, 2),
        help="Contacts, an amount, or a per cent; see what is counted.",
    )
    target = fields.Float(readonly=True, aggregator=None, digits=(16, 2))
    numerator = fields.Float("Done", readonly=True, aggregator=None, digits=(16, 2))
    denominator = fields.Float("Of", readonly=True, aggregator=None, digits=(16, 2))
    figures = fields.Char(compute="_compute_figures", help="What was done of what there was.")
    score = fields.Float(
        readonly=True,
        aggregator=None,
        digits=(16, 2),
        help="How much of the target was reached, in per cent. Each kind of contact and each "
        "transition counts up to its own target: what is over in one helps no other.",
    )
    weight = fields.Float(
        readonly=True,
        aggregator=None,
        digits=(16, 2),
        help="The company's weight when the week was reviewed.",
    )
    share = fields.Float(
        "Share, %",
        readonly=True,
        digits=(16, 2),
        help="The weight among the components that could be counted, of a hundred.",
    )
    points = fields.Float(
        readonly=True, digits=(16, 2), help="Score × share: they add up to the manager's score."
    )
    points_rate = fields.Float(
        "Score, %",
        compute="_compute_points_rate",
        aggregator="avg",
        exportable=False,
        help="Points ÷ shares, times 100; in every total the sums are divided.",
    )
    left_out = fields.Selection(
        LEFT_OUT,
        readonly=True,
        help="Why the component is not counted: the others take its share.",
    )
    rows_model = fields.Char(readonly=True)
    row_ids = fields.Json(readonly=True)

    _week_idx = models.Index("(week_start, team_id, component)")

    # -- computes -----------------------------------------------------------------------------

    @api.depends("score")
    def _compute_points_rate(self):
        for row in self:
            row.points_rate = row.score

    @api.depends("component", "numerator", "denominator", "target", "score")
    def _compute_figures(self):
        for row in self:
            row.figures = row._figures()

    def _figures(self):
        """What was done of what there was, in words that make the score plain."""
        number = self._number
        if self.component == "sales":
            number = (self.currency_id or self.company_id.currency_id).format
        done, due = number(self.numerator), number(self.denominator)
        if self.component in ("transitions", "conversion"):
            return self.env._(
                "%(done)s of %(due)s, target %(target)s %%",
                done=done,
                due=due,
                target=self._number(self.target),
            )
        counted = self.score * self.denominator / scorecard.FULL
        if self.component == "contacts" and counted < self.numerator - 0.05:
            return self.env._(
                "%(done)s of %(due)s, %(counted)s of them counted",
                done=done,
                due=due,
                counted=self._number(counted),
            )
        return self.env._("%(done)s of %(due)s", done=done, due=due)

    def _number(self, value):
        return self.env["crm.contact.norm.week"]._number(value)

    def _read_group_select(self, aggregate_spec: str, query: Query) -> SQL:
        """Divide sums by sums."""
        if aggregate_spec != _RATE:
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "100.0 * SUM(%s) / NULLIF(SUM(%s), 0)",
            self._field_to_sql(self._table, "points", query),
            self._field_to_sql(self._table, "share", query),
        )

    def action_open_rows(self):
        """Open the rows behind the figure: those that were counted then."""
        self.ensure_one()
        names = dict(self._fields["component"]._description_selection(self.env))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(
                "%(component)s: %(manager)s",
                component=names.get(self.component, ""),
                manager=self.line_id.manager_name or self.user_id.name,
            ),
            "res_model": self.rows_model,
            "views": [[False, "list"], [False, "form"]],
            "domain": [("id", "in", self.row_ids or [])],
            "context": {"active_test": False, "create": False},
            "help": self.env._("Nothing was counted here, or it is no longer there."),
        }

    def _payload(self):
        """The component for workbook, print and e-mail: plain values."""
        self.ensure_one()
        names = dict(self._fields["component"]._description_selection(self.env))
        reasons = dict(self._fields["left_out"]._description_selection(self.env))
        return {
            "component": self.component,
            "name": names[self.component],
            **{
                name: self[name]
                for name in (
                    "value",
                    "target",
                    "numerator",
                    "denominator",
                    "score",
                    "weight",
                    "share",
                    "points",
                )
            },
            "is_counted": not self.left_out,
            "left_out": reasons.get(self.left_out) or "",
        }


class CrmWeeklyReviewLine(models.Model):
    """A manager's score of the week."""

    _inherit = "crm.weekly.review.line"

    score_ids = fields.One2many("crm.weekly.review.score", "line_id", "Scorecard", readonly=True)
    score = fields.Float(
        readonly=True,
        aggregator=None,
        digits=(16, 2),
        help="Sum of the points: 100 where all that was due was done.",
    )
    has_score = fields.Boolean(readonly=True, help="At least one component could be counted.")

    def action_open_scorecard(self):
        """Open the manager's scorecard of the week."""
        self.ensure_one()
        view = self.env.ref("sales_funnel_control.crm_weekly_review_line_view_form_scorecard")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Scorecard"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [[view.id, "form"]],
        }

    def _payload(self):
        return {
            **super()._payload(),
            "score": self.score if self.has_score else False,
            "scores": [row._payload() for row in self.score_ids],
        }


class CrmWeeklyReview(models.Model):
    """The scorecards are taken down with the figures of the week."""

    _inherit = "crm.weekly.review"

    def _take_down(self):
        result = super()._take_down()
        for review in self:
            review._take_scores()
        return result

    def _take_scores(self):
        self.line_ids.score_ids.unlink()
        lines = self.line_ids.filtered("user_id")
        weights = self.env["crm.scorecard.weight"]._in_force(self.company_id)
        rows = []
        for line, facts in self.env["crm.scorecard"]._facts(self, lines).items():
            of_line = self._score_rows(facts, weights)
            line.write(
                {
                    "score": sum(round(row["points"], 2) for row in of_line),
                    "has_score": any(row["share"] for row in of_line),
                }
            )
            rows += [{"line_id": line.id, **row} for row in of_line]
        self.env["crm.weekly.review.score"].create(rows)

    @staticmethod
    def _score_rows(facts, weights):
        """Values of the rows of one manager."""
        found = {name: facts.get(name) or Fact([]) for name in weights}
        attained = {
            name: scorecard.attainment(fact.parts, weights[name].cap)
            for name, fact in found.items()
        }
        points = scorecard.score(
            attained, {name: weight.weight for name, weight in weights.items()}
        )
        rows = []
        for name, fact in found.items():
            is_due = attained[name] is not None
            rows.append(
                {
                    "sequence": weights[name].sequence,
                    "component": name,
                    "value": fact.value,
                    "target": fact.target,
                    "numerator": fact.numerator,
                    "denominator": fact.denominator,
                    "score": attained[name] or 0.0,
                    "weight": weights[name].weight,
                    "share": points[name].share if name in points else 0.0,
                    "points": points[name].points if name in points else 0.0,
                    "left_out": name not in points and ("weight" if is_due else name),
                    "rows_model": fact.model,
                    "row_ids": list(fact.ids),
                }
            )
        return rows
