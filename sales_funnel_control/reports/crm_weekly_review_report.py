from markupsafe import Markup

from odoo import api, models
from odoo.tools import format_date

from ..tools import figure
from ..tools.weekly_digest import causes
from .figure_svg import figure_svg


class ReportWeeklyReview(models.AbstractModel):
    """What the print of a weekly review shows."""

    _name = "report.sales_funnel_control.report_weekly_review"
    _description = "Print of a Weekly Review"

    @api.model
    def _get_report_values(self, docids, data=None):
        reviews = self.env["crm.weekly.review"].browse(docids)
        return {
            "doc_ids": docids,
            "doc_model": reviews._name,
            "docs": reviews,
            "reviews": [self._of_review(review.get_review()) for review in reviews],
            "is_page": (data or {}).get("report_type") == "html",
            "colors": figure.COLORS,
            "percent": self._percent,
            "target": self._target,
            "counts": self._counts,
            "verdicts": self._verdicts(),
        }

    def _of_review(self, review):
        """The payload, its figure as pictures, and the matrix by manager and transition."""
        drawn = figure.of_review(review)
        return {
            **review,
            "subtitle": self._subtitle(review),
            "figure": drawn,
            "pictures": [
                # The names within are escaped where the picture is drawn.
                (Markup(figure_svg(drawn, managers, self.env._)), managers)
                for managers in drawn.groups
                if drawn.transitions
            ],
            "refusals": causes(review["lines"]),
        }

    def _subtitle(self, review):
        is_closed = review["state"] == "closed"
        return ", ".join(
            filter(
                None,
                [
                    f"{format_date(self.env, review['week_start'])} – "
                    f"{format_date(self.env, review['week_end'])}",
                    review["head"],
                    self.env._("closed") if is_closed else self.env._("not closed yet"),
                ],
            )
        )

    @api.model
    def _percent(self, value):
        return "–" if value is False else f"{value:.0f} %"

    def _target(self, transition):
        if transition.target is False:
            return ""
        return self.env._("target %(target)s", target=self._percent(transition.target))

    def _counts(self, cell):
        return self.env._(
            "%(advanced)s of %(entered)s", advanced=cell["advanced"], entered=cell["entered"]
        )

    def _verdicts(self):
        labels = self.env["crm.weekly.review.transition"]._fields["verdict"]
        return {
            code: f"{shape} {label}"
            for shape, (code, label) in zip(
                "▼●▲◌", labels._description_selection(self.env), strict=True
            )
        }
