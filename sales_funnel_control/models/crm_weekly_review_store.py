from odoo import models

# Rows below a line, which are written anew each time.
_ROWS = ("contact_ids", "stage_ids", "transition_ids", "refusal_ids")


class CrmWeeklyReview(models.Model):
    """Writes figures down. Lines stay who they are, so that what managers said stays with them."""

    _inherit = "crm.weekly.review"

    def _store_figures(self, figures):
        """Write the figures down, in place of those that are there.

        Who confirmed other figures than those there are now is asked again.

        :param dict figures: see ``_figures_of_weeks``
        """
        said = {line: line._figures_payload() for line in self.line_ids}
        # What is deleted first is out of the cache that the new rows are read into.
        for name in _ROWS:
            self.line_ids[name].unlink()
        self.transition_ids.unlink()
        self._store_lines({review: managers for review, (managers, _team) in figures.items()})
        rows = {name: [] for name in _ROWS}
        for review, (managers, team) in figures.items():
            names = review._names_of_rows(managers, team)
            lines = {line.user_key or None: line for line in review.line_ids}
            for user_id, manager in managers.items():
                for name, values in review._row_values(manager, names).items():
                    rows[name] += [{**row, "line_id": lines[user_id].id} for row in values]
            rows["transition_ids"] += [
                {**values, **names.stage(stage_id), "review_id": review.id, "line_id": False}
                for stage_id, values in team.items()
            ]
        lines = self.line_ids
        for row in rows["transition_ids"]:
            row.setdefault("review_id", lines.browse(row["line_id"]).review_id.id)
        for name in _ROWS:
            self.env[lines._fields[name].comodel_name].create(rows[name])
        self._ask_again(said)

    def _store_lines(self, managers_by_review):
        """A line for each manager: those who are there already keep theirs."""
        Line = self.env["crm.weekly.review.line"]
        users = self.env["res.users"].browse(
            {user for managers in managers_by_review.values() for user in managers if user}
        )
        names = {user.id: user.name for user in users}
        missing = []
        for review, managers in managers_by_review.items():
            known = {line.user_key or None: line for line in review.line_ids}
            Line.union(*(line for user, line in known.items() if user not in managers)).unlink()
            nobody = review.with_context(lang=review._written_in()).env._("Unassigned")
            for user_id, manager in managers.items():
                values = {
                    **manager.line,
                    "manager_name": names.get(user_id) or nobody,
                    "sales_role": manager.role,
                    "grade": manager.grade,
                }
                if user_id in known:
                    known[user_id].write(values)
                else:
                    missing.append(
                        {
                            **values,
                            "review_id": review.id,
                            "user_id": user_id,
                            "user_key": user_id or 0,
                        }
                    )
        Line.create(missing)

    def _row_values(self, manager, names):
        """Values of the rows below a manager's line, by the field they stand in."""
        return {
            "contact_ids": [
                {"kind": kind, "done": done, "norm": norm}
                for kind, (done, norm) in self._contacts_of(manager).items()
            ],
            "stage_ids": [
                {**names.stage(stage_id), "sequence": names.place(stage_id), **counts}
                for stage_id, counts in manager.stages.items()
            ],
            "transition_ids": [
                {
                    **names.stage(stage_id),
                    "sequence": names.place(stage_id),
                    **manager.transitions.get(stage_id, {}),
                    "teacher_name": names.user(
                        manager.transitions.get(stage_id, {}).get("teacher_id")
                    ),
                    "exits": exits,
                    "flow_advanced": advanced,
                }
                for stage_id in manager.flow_and_rates
                for exits, advanced in [manager.flow.get(stage_id, (0, 0))]
            ],
            "refusal_ids": [
                {
                    "reason_id": reason_id,
                    "reason_key": reason_id or 0,
                    "reason_name": names.reason(reason_id),
                    "number": number,
                }
                for reason_id, number in manager.refusals.items()
            ],
        }

    def _names_of_rows(self, managers, team):
        """How stages, reasons and people of the week are called, in the language of the head."""
        self.ensure_one()
        everybody = managers.values()
        return Names(
            self.with_context(lang=self._written_in()),
            {
                *team,
                *(stage for each in everybody for stage in (*each.stages, *each.flow_and_rates)),
            },
            {reason for each in everybody for reason in each.refusals},
            {row["teacher_id"] for each in everybody for row in each.transitions.values()},
        )

    def _ask_again(self, said):
        """Take the confirmation back of figures that are others now."""
        lines = self.line_ids.filtered("confirmed_at")
        lines.filtered(lambda line: line._figures_payload() != said.get(line)).write(
            {"confirmed_at": False}
        )


class Names:
    """Names for the snapshot, read at once.

    :param review: in the language that the names are to be in
    """

    def __init__(self, review, stage_ids, reason_ids, user_ids):
        env = review.env
        stages = env["crm.stage"].browse(sorted(filter(None, stage_ids)))
        steps = list(env["crm.stage"]._funnel(review.team_id.id).steps)
        self._places = {stage_id: place for place, stage_id in enumerate(steps)}
        self._stages = {stage.id: stage.name for stage in stages}
        reasons = env["crm.lost.reason"].browse(sorted(filter(None, reason_ids)))
        self._reasons = {reason.id: reason.name for reason in reasons}
        self._users = {
            user.id: user.name for user in env["res.users"].browse(sorted(filter(None, user_ids)))
        }
        self._no_stage = env._("No stage")
        self._no_reason = env._("No reason given")

    def stage(self, stage_id):
        return {
            "stage_id": stage_id,
            "stage_key": stage_id or 0,
            "stage_name": self._stages.get(stage_id, self._no_stage),
        }

    def place(self, stage_id):
        return self._places.get(stage_id, len(self._places))

    def reason(self, reason_id):
        return self._reasons.get(reason_id, self._no_reason)

    def user(self, user_id):
        return self._users.get(user_id, False)
