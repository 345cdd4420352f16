from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.fields import Domain

from ..tools.scorecard import FULL, Part
from .crm_contact_norm import COUNTED

# Odoo's target of a team is for a month; a year of them is a year of weeks.
_WEEK_OF_MONTH = 12 / 52
_CONVERSION_WEEKS = 13


class Period(NamedTuple):
    """Days of a team, as the control board reads the ledger by."""

    team: models.BaseModel
    date_from: date
    date_to: date
    role: str | None = None


class Fact(NamedTuple):
    """What a component of one manager's score rests on."""

    parts: list
    value: float = 0.0
    target: float = 0.0
    numerator: float = 0.0
    denominator: float = 0.0
    model: str = ""
    ids: tuple = ()

    @classmethod
    def ratio(cls, above, below, target, model="", ids=(), parts=None):
        """Of ``below`` things ``above`` were as they should be; ``target`` is a per cent."""
        return cls(
            [Part(above, below * target / FULL)] if parts is None else parts,
            FULL * above / below if below else 0.0,
            target,
            above,
            below,
            model,
            tuple(ids),
        )


class Stays(NamedTuple):
    """Stays of one manager at one transition under one role: their targets, and how many have."""

    sales_role: str | bool
    ids: list
    targets: float
    targeted: int


class CrmScorecard(models.AbstractModel):
    """What each component of the scorecard is counted from, for all managers of a review.

    Contacts and transitions are those the review has taken down already; the rows behind every
    figure are remembered with it.
    """

    _name = "crm.scorecard"
    _description = "Scorecard"

    @api.model
    def _facts(self, review, lines):
        """The facts of a team's week.

        :param review: an open weekly review
        :param lines: its lines that have a manager
        :return: dict of :class:`Fact` by component, by line
        """
        company = review.company_id
        scorecard = self.sudo().with_company(company).with_context(active_test=False)
        facts = {line: {} for line in lines}
        for component, find in (
            ("contacts", scorecard._contacts),
            ("completeness", scorecard._completeness),
            ("transitions", scorecard._transitions),
            ("conversion", scorecard._conversion),
            ("sales", scorecard._sales),
            ("tasks", scorecard._tasks),
        ):
            for line, fact in find(review.with_env(scorecard.env), lines).items():
                facts[line][component] = fact
        return facts

    def _contacts(self, review, lines):
        """Contacts against the norms of the week, each kind by itself."""
        rows = self._ids_by_user(
            "crm.contact.log",
            Domain("week_start", "=", review.week_start)
            & Domain("company_id", "=", review.company_id.id)
            & Domain("user_id", "in", lines.user_id.ids)
            & Domain("state", "=", "done")
            & Domain("counts_as", "!=", False),
            "counts_as",
        )
        facts = {}
        for line in lines:
            owed = self._apart(line.contact_ids.filtered(lambda row: row.norm > 0))
            counting = {name for row in owed for name in COUNTED[row.kind]}
            done, norm = sum(owed.mapped("done")), sum(owed.mapped("norm"))
            facts[line] = Fact(
                [Part(row.done, row.norm) for row in owed],
                done,
                norm,
                done,
                norm,
                "crm.contact.log",
                tuple(log_id for log_id, name in rows[line.user_id.id] if name in counting),
            )
        return facts

    @staticmethod
    def _apart(rows):
        """Kinds that count nothing twice: without those that another one contains.

        With a norm for meetings and one for visits, which are meetings too, meetings are judged.
        """
        kinds = {row.kind: set(COUNTED[row.kind]) for row in rows}
        return rows.filtered(
            lambda row: not any(kinds[row.kind] < others for others in kinds.values())
        )

    def _completeness(self, review, lines):
        """Open deals whose client's address, contact person and position are known.

        A deal is the company's that its present stay is of: a team may work for several.
        """
        leads = self.env["crm.lead"].search(
            [
                ("type", "=", "opportunity"),
                ("active", "=", True),
                ("won_status", "=", "pending"),
                ("team_id", "=", review.team_id.id),
                ("user_id", "in", lines.user_id.ids),
                (
                    "stage_history_ids",
                    "any",
                    [("left_at", "=", False), ("company_id", "=", review.company_id.id)],
                ),
            ]
        )
        by_user = leads.grouped("user_id")
        facts = {}
        for line in lines:
            deals = by_user.get(line.user_id, leads.browse())
            known = deals.filtered(lambda lead: not any(lead._gaps_of_potential(False)))
            facts[line] = Fact.ratio(len(known), len(deals), FULL, "crm.lead", deals.ids)
        return facts

    def _transitions(self, review, lines):
        """Of the clients that left a stage in the week, how many came further.

        Against the targets that were in force for these very clients: those of the conversion
        come with the entries that ripen, and would judge a week differently the later it is.
        """
        sunday = review.week_start + timedelta(days=6)
        board = self.env["crm.control.board"]
        week = Period(review.team_id, review.week_start, sunday)
        domain = board._period_domain(week, "left_at", week.date_from, week.date_to)
        domain &= Domain("exit", "!=", "transferred") & (
            Domain("lost_reason_id", "=", False)
            | Domain("lost_reason_id.is_spam_or_duplicate", "=", False)
        )
        return self._rates(review, lines, domain, "flow_advanced", "exits", self._target_of_stays)

    def _conversion(self, review, lines):
        """Conversion of the mature entries of thirteen weeks, as the review has it."""
        sunday = review.week_start + timedelta(days=6)
        first = review.week_start - timedelta(weeks=_CONVERSION_WEEKS - 1)
        board = self.env["crm.control.board"]
        quarter = Period(review.team_id, first, sunday)
        stages = lines.transition_ids.stage_id
        domain = Domain.OR(board._entries_domain(quarter, None, None, stage.id) for stage in stages)
        domain &= board._mature_domain(review.team_id)
        return self._rates(
            review, lines, domain, "advanced", "entered", self._target_of_row, by_role=True
        )

    @staticmethod
    def _target_of_row(row, _stays):
        return row.target if row.has_target else None

    @staticmethod
    def _target_of_stays(_row, stays):
        targeted = sum(some.targeted for some in stays)
        return sum(some.targets for some in stays) / targeted if targeted else None

    def _rates(self, review, lines, domain, above, below, target_of, by_role=False):
        """Facts of the lines' transitions that have a target; ``domain`` is on the stays.

        :param target_of: the target by a transition and the :class:`Stays` behind it, None
            without one
        :param bool by_role: who had two roles is judged in that of the week
        """
        by_cell = defaultdict(list)
        for user, stage, *stays in self.env["crm.lead.stage.history"]._read_group(
            domain
            & Domain("company_id", "=", review.company_id.id)
            & Domain("next_stage_id", "in", lines.transition_ids.stage_id.ids),
            ["user_id", "next_stage_id", "sales_role"],
            ["id:array_agg", "target_rate:sum", "target_rate:count"],
        ):
            by_cell[user, stage].append(Stays(*stays))
        facts = {}
        for line in lines:
            targets = {
                row: target_of(row, by_cell.get((line.user_id, row.stage_id), ()))
                for row in line.transition_ids
                if row[below]
            }
            aimed = line.transition_ids.filtered(lambda row, aim=targets: aim.get(row) is not None)
            parts = [Part(row[above], row[below] * targets[row] / FULL) for row in aimed]
            entries = sum(aimed.mapped(below))
            due = sum(part.due for part in parts)
            facts[line] = Fact.ratio(
                sum(aimed.mapped(above)),
                entries,
                FULL * due / entries if entries else 0.0,
                "crm.lead.stage.history",
                self._stay_ids(by_cell, line, aimed.stage_id, by_role),
                parts,
            )
        return facts

    @staticmethod
    def _stay_ids(by_cell, line, stages, by_role):
        found = []
        for stage in stages:
            stays = by_cell.get((line.user_id, stage), ())
            in_role = by_role and [some for some in stays if some.sales_role == line.sales_role]
            found += (stay_id for some in in_role or stays for stay_id in some.ids)
        return found

    def _sales(self, review, lines):
        """The amount won against the manager's part of the team's target."""
        board = self.env["crm.control.board"]
        sunday = review.week_start + timedelta(days=6)
        week = Period(review.team_id, review.week_start, sunday)
        rows = self._ids_by_user(
            "crm.outcome.report",
            board._period_domain(week, "closed_at", week.date_from, week.date_to)
            & Domain("company_id", "=", review.company_id.id)
            & Domain("outcome", "=", "won"),
        )
        targets = self._sales_targets(review, lines)
        facts = {}
        for line in lines:
            target = targets.get(line, 0.0)
            won = line.won_amount
            facts[line] = Fact(
                [Part(won, target)],
                won,
                target,
                won,
                target,
                "crm.outcome.report",
                tuple(row_id for row_id, _none in rows[line.user_id.id]),
            )
        return facts

    def _sales_targets(self, review, lines):
        """What each manager is to sell in a week: an equal part of the team's target.

        Members share it. Trainees do cold work and sell nothing; nobody has a target where the
        team has none. Of a team of several companies, those who work in another one share too.

        :return: amount in the company's currency by line
        """
        team = review.team_id
        members = team.crm_team_member_ids.filtered(
            lambda member: member.active and member.user_id.active
        )
        sellers = lines.filtered(
            lambda line: line.user_id in members.user_id and line.sales_role != "trainee"
        )
        elsewhere = members.browse()
        if not team.company_id:
            elsewhere = members.filtered(
                lambda member: (
                    member.user_id not in lines.user_id
                    and member.user_id.company_id != review.company_id
                    and member.sales_role != "trainee"
                )
            )
        weekly = team.invoiced_target * _WEEK_OF_MONTH
        return dict.fromkeys(sellers, weekly / (len(sellers) + len(elsewhere) or 1))

    def _tasks(self, review, lines):
        """Tasks of the head that were due in the week."""
        tasks = self.env["crm.head.task"].search(
            [
                ("company_id", "=", review.company_id.id),
                ("team_id", "=", review.team_id.id),
                ("user_id", "in", lines.user_id.ids),
                ("week_start", "=", review.week_start),
                ("state", "in", ("in_time", "late", "overdue")),
            ]
        )
        by_user = tasks.grouped("user_id")
        facts = {}
        for line in lines:
            judged = by_user.get(line.user_id, tasks.browse())
            in_time = judged.filtered(lambda task: task.state == "in_time")
            facts[line] = Fact.ratio(len(in_time), len(judged), FULL, "crm.head.task", judged.ids)
        return facts

    def _ids_by_user(self, model, domain, field=None):
        """``(id, value of the field)`` of the records under a domain, by id of their manager."""
        found = defaultdict(list)
        records = self.env[model].search(domain)
        for record in records:
            value = field and record[field]
            found[record.user_id.id].append(
                (record.id, value.id if isinstance(value, models.BaseModel) else value)
            )
        return found
