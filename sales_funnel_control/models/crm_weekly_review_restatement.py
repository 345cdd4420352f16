from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from .crm_weekly_review_line import LINE_FIGURES
from .crm_weekly_review_rows import STAGE_FIGURES

# Figures of the moment they were taken down have no past that could be corrected.
_OF_THE_PAST = tuple(
    name
    for name in LINE_FIGURES
    if name not in ("without_next_step", "overdue_steps", "over_cycle")
)


class CrmWeeklyReview(models.Model):
    """What was corrected after a week was taken down: beside its figures, never inside."""

    _inherit = "crm.weekly.review"

    restatement = fields.Html(
        "What Changed Since", compute="_compute_restatement", sanitize=False, store=False
    )

    def _compute_restatement(self):
        for review in self:
            review.restatement = review._restatement_table(review.get_restatement())

    @api.readonly
    def get_restatement(self):
        """What the figures of the week would be now, where they differ from those taken down.

        The conversions are not there: clients that were still open when the week was taken down
        decide later, and the control board shows how they do.

        :return: list of ``manager``, ``figure``, ``then`` and ``now``
        :rtype: list[dict]
        :raise UserError: unless it is one review
        """
        if len(self) != 1 or not self.id:
            raise UserError(self.env._("Ask for one review at a time."))
        self.check_access("read")
        readable = self._readable("line_ids")
        sees_team = self.may_lead
        week = self.sudo()
        managers = week._gather([week._week()])[self.id]
        then = {line.user_key: line._past_figures() for line in readable}
        now = {
            user_id or 0: week._past_figures_of(manager)
            for user_id, manager in managers.items()
            if sees_team or user_id == self.env.uid
        }
        names = {line.user_key: line.manager_name for line in readable}
        labels = RestatementLabels(week.with_context(lang=self.env.lang), readable.sudo(), now)
        return [
            {
                "manager": names.get(user_key) or labels.user(user_key),
                "figure": labels.figure(key),
                "then": former.get(key, 0),
                "now": present.get(key, 0),
            }
            for user_key in dict.fromkeys([*then, *now])
            for former, present in [(then.get(user_key, {}), now.get(user_key, {}))]
            for key in dict.fromkeys([*former, *present])
            if abs(former.get(key, 0) - present.get(key, 0)) > 1e-6
        ]

    def _past_figures_of(self, manager):
        """Figures by ``(kind of row, what it is about, figure)``."""
        figures = {("line", 0, name): manager.line[name] for name in _OF_THE_PAST}
        for stage_id, counts in manager.stages.items():
            figures |= {("stage", stage_id or 0, name): counts[name] for name in STAGE_FIGURES}
        for stage_id, (exits, advanced) in manager.flow.items():
            figures[("flow", stage_id, "exits")] = exits
            figures[("flow", stage_id, "flow_advanced")] = advanced
        for kind, (done, norm) in self._contacts_of(manager).items():
            figures[("contact", kind, "done")] = done
            figures[("contact", kind, "norm")] = norm
        for reason_id, number in manager.refusals.items():
            figures[("refusal", reason_id or 0, "number")] = number
        return figures

    @api.model
    def _restatement_table(self, rows):
        if not rows:
            return Markup("<p>%s</p>") % self.env._(
                "Nothing: counted today, the week has the same figures."
            )
        head = Markup("").join(
            Markup("<th class='%s'>%s</th>") % (css, title)
            for css, title in (
                ("", self.env._("Manager")),
                ("", self.env._("Figure")),
                ("text-end", self.env._("Then")),
                ("text-end", self.env._("Now")),
            )
        )
        body = Markup("").join(
            Markup(
                "<tr><td>%s</td><td>%s</td><td class='text-end'>%s</td>"
                "<td class='text-end fw-bold'>%s</td></tr>"
            )
            % (row["manager"], row["figure"], f"{row['then']:g}", f"{row['now']:g}")
            for row in rows
        )
        return Markup(
            "<table class='table table-sm o_restatement'><thead><tr>%s</tr></thead>"
            "<tbody>%s</tbody></table>"
        ) % (head, body)


class CrmWeeklyReviewLine(models.Model):
    _inherit = "crm.weekly.review.line"

    def _past_figures(self):
        """The figures taken down, as :meth:`CrmWeeklyReview._past_figures_of` has those of now."""
        self.ensure_one()
        figures = {("line", 0, name): self[name] for name in _OF_THE_PAST}
        for row in self.stage_ids:
            figures |= {("stage", row.stage_key, name): row[name] for name in STAGE_FIGURES}
        for row in self.transition_ids:
            figures |= {
                ("flow", row.stage_key, name): row[name] for name in ("exits", "flow_advanced")
            }
        for row in self.contact_ids:
            figures |= {("contact", row.kind, name): row[name] for name in ("done", "norm")}
        for row in self.refusal_ids:
            figures[("refusal", row.reason_key, "number")] = row.number
        return figures


class RestatementLabels:
    """How figures are called: by the names of then, else by those of today."""

    _MODELS = {
        "line": "crm.weekly.review.line",
        "stage": "crm.weekly.review.stage",
        "flow": "crm.weekly.review.transition",
        "contact": "crm.weekly.review.contact",
        "refusal": "crm.weekly.review.refusal",
    }

    def __init__(self, review, lines, now):
        self._env = env = review.env
        keys = [key for figures in now.values() for key in figures]
        stages = env["crm.stage"].browse(
            {item for kind, item, _name in keys if kind in ("stage", "flow") and item}
        )
        reasons = env["crm.lost.reason"].browse(
            {item for kind, item, _name in keys if kind == "refusal" and item}
        )
        self._stages = {stage.id: stage.name for stage in stages} | {
            row.stage_key: row.stage_name for row in lines.stage_ids
        }
        self._stages |= {row.stage_key: row.stage_name for row in lines.transition_ids}
        self._reasons = {reason.id: reason.name for reason in reasons} | {
            row.reason_key: row.reason_name for row in lines.refusal_ids
        }
        self._kinds = dict(
            env["crm.weekly.review.contact"]._fields["kind"]._description_selection(env)
        )

    def user(self, user_key):
        """Somebody who has figures now and had none then."""
        return self._env["res.users"].browse(user_key or []).name or self._env._("Unassigned")

    def figure(self, key):
        kind, item, name = key
        label = self._env[self._MODELS[kind]]._fields[name]._description_string(self._env)
        about = {
            "line": lambda: "",
            "stage": lambda: self._stages.get(item, self._env._("No stage")),
            "flow": lambda: self._stages.get(item, ""),
            "contact": lambda: self._kinds[item],
            "refusal": lambda: self._reasons.get(item, self._env._("No reason given")),
        }[kind]()
        return f"{about}: {label}" if about else label
