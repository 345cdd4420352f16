from collections import defaultdict
from datetime import timedelta

from odoo import api, models
from odoo.fields import Domain

from .crm_contact_norm import COUNTED, NORM_KINDS
from .crm_weekly_review_line import LINE_FIGURES
from .crm_weekly_review_rows import STAGE_EXITS
from .crm_weekly_review_sql import Week


class Manager:
    """A manager's week, or that of clients nobody had, as it is being gathered."""

    def __init__(self):
        self.role = self.grade = None
        self.line = dict.fromkeys(LINE_FIGURES, 0)
        self.contacts = {}
        self.norms = {}
        self.stages = {}
        self.flow = {}
        self.transitions = {}
        self.refusals = {}

    @property
    def flow_and_rates(self):
        """Stages that transitions lead into, of the board first."""
        return dict.fromkeys([*self.transitions, *self.flow])


class CrmWeeklyReview(models.Model):
    """The figures of weeks: gathered, without being stored."""

    _inherit = "crm.weekly.review"
    # The conversions of a week are those of so many weeks that end with it, as the board has them.
    _board_weeks = 13

    @api.model
    def _gather(self, weeks):
        """What managers did in weeks, as it stood when each ended.

        :param list weeks: of :class:`Week`
        :return: :class:`Manager` by user id (None: nobody), by the week's key; those who had
            neither clients nor contacts nor a norm are not there
        """
        found = defaultdict(lambda: defaultdict(Manager))
        if not weeks:
            return found
        self._flush_for_figures()
        self._gather_ledger(found, weeks)
        for key, user_id, stage_id, *flow in self._flow_rows(weeks):
            found[key][user_id].flow[stage_id] = flow
        for key, user_id, count in self._new_rows(weeks):
            found[key][user_id].line["new_clients"] = count
        for key, user_id, count, amount in self._won_rows(weeks):
            found[key][user_id].line.update(won=count, won_amount=float(amount))
        for key, user_id, reason_id, count in self._refusal_rows(weeks):
            manager = found[key][user_id]
            manager.refusals[reason_id] = count
            manager.line["refused"] += count
        self._gather_contacts(found, weeks)
        return found

    def _gather_ledger(self, found, weeks):
        for key, user_id, by_stage, stage_id, *figures in self._ledger_rows(weeks):
            manager = found[key][user_id]
            *stays, monday, worked, sunday, role, grade = figures
            if by_stage:
                names = ("opening", "entered", *STAGE_EXITS, "closing")
                manager.stages[stage_id] = dict(zip(names, stays, strict=True))
            else:
                manager.role, manager.grade = role, grade
                manager.line.update(
                    opening=monday, entered=worked - monday, exited=worked - sunday, closing=sunday
                )

    def _gather_contacts(self, found, weeks):
        """Contacts and norms. The role of who owes something is that of the norm."""
        for key, user_id, counts_as, count, kind, norm, role, grade in self._contact_rows(weeks):
            manager = found[key][user_id]
            if kind:
                manager.norms[kind] = norm
                manager.role, manager.grade = role, grade
            elif counts_as:
                manager.contacts[counts_as] = count
            manager.role = manager.role or role
            manager.grade = manager.grade or grade

    @api.model
    def _contacts_of(self, manager):
        """``{kind: (done, norm)}`` of what was owed or done."""
        rows = {}
        for kind, _label in NORM_KINDS:
            done = sum(manager.contacts.get(counts_as, 0) for counts_as in COUNTED[kind])
            if done or kind in manager.norms:
                rows[kind] = (done, float(manager.norms.get(kind, 0)))
        return rows

    # -- of reviews ---------------------------------------------------------------------------

    def _week(self):
        self.ensure_one()
        return Week.of(self.id, self.team_id, self.company_id, self.week_start)

    def _figures_of_weeks(self):
        """What was done in the weeks of the reviews, with what is known at this moment.

        :return: ``(managers by user id, the team's transitions by stage id)`` by review
        """
        gathered = self._gather([review._week() for review in self])
        figures = {}
        for review in self:
            managers = gathered[review.id]
            team = review._add_rates(managers)
            review._add_present(managers)
            figures[review] = (managers, team)
        return figures

    def _add_rates(self, managers):
        """Add the board's cells of the weeks that end with this one to each manager.

        They are as known at this moment: clients of those weeks go on ripening.

        :return: the team's transitions by stage id
        """
        self.ensure_one()
        figure = self._board_figure()
        teachers = {
            (pair["learner_key"], pair["transition"]): pair["teacher"] for pair in figure["teach"]
        }
        roles = {row["key"]: row["sales_role"] for row in figure["managers"]}
        order = {row["id"]: place for place, row in enumerate(figure["transitions"])}
        for cell in figure["cells"]:
            user_id = cell["manager"] or None
            if user_id not in managers:
                continue
            manager = managers[user_id]
            known = manager.transitions.get(cell["transition"])
            # Who had two roles in these weeks is judged in the one of this week.
            if known and roles[cell["key"]] != (manager.role or False):
                continue
            manager.transitions[cell["transition"]] = {
                **self._rate_values(cell),
                "sequence": order[cell["transition"]],
                "verdict": cell["verdict"],
                "explanation": cell["explanation"],
                "teacher_id": teachers.get((cell["key"], cell["transition"]), False),
            }
        return {
            row["id"]: {**self._rate_values(row), "sequence": place}
            for place, row in enumerate(figure["transitions"])
            if not row["is_former"] or row["entered"]
        }

    def _sunday(self):
        self.ensure_one()
        return self.week_start + timedelta(days=6)

    def _board_figure(self):
        board = (
            self.env["crm.control.board"]
            .sudo()
            .with_company(self.company_id)
            .with_context(lang=self._written_in())
        )
        request = board._board_request(
            {"team_id": self.team_id.id, "date_to": self._sunday(), "weeks": self._board_weeks}
        )
        counts = board._counts(
            request,
            board.env["crm.lead.stage.history"],
            Domain("company_id", "=", self.company_id.id),
        )
        return board._figure(request, (counts, counts), board._rules())

    @staticmethod
    def _rate_values(row):
        return {
            "entered": row["entered"],
            "advanced": row["advanced"],
            "rate": row["rate"] or 0.0,
            "target": row["target"] or 0.0,
            "has_target": row["target"] is not False,
        }

    def _add_present(self, managers):
        """Add how the managers' clients stand at this moment."""
        self.ensure_one()
        board = self.env["crm.control.board"].sudo().with_company(self.company_id)
        standing = board._standing_by_stage(
            board._board_request({"team_id": self.team_id.id}),
            Domain("company_id", "=", self.company_id.id),
        )
        for rows in standing.values():
            for user_id, _role, _count, without_next_step, *_others in rows:
                if user_id in managers:
                    managers[user_id].line["without_next_step"] += without_next_step
        for name, counts in self._cycle_counts().items():
            for user, count in counts:
                if (user.id or None) in managers:
                    managers[user.id or None].line[name] = count

    def _cycle_counts(self):
        """Clients in work by manager: those with a step that is overdue, and those too old."""
        # The company of a client is the ledger's: a lead of a team that companies share may say
        # none.
        stands = Domain("left_at", "=", False) & Domain("company_id", "=", self.company_id.id)
        domain = [
            ("team_id", "=", self.team_id.id),
            ("type", "=", "opportunity"),
            ("won_status", "=", "pending"),
            ("stage_history_ids", "any", stands),
        ]
        leads = self.env["crm.lead"].sudo()
        return {
            "overdue_steps": leads._read_group(
                [*domain, ("next_step_state", "=", "overdue")], ["user_id"], ["__count"]
            ),
            "over_cycle": leads._read_group(
                [*domain, ("is_over_cycle", "=", True)], ["user_id"], ["__count"]
            ),
        }
