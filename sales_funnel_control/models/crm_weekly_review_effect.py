import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import get_lang

from ..tools import effects, weeks, working_time

# The rate before a decision is that of the clients who entered in so many weeks before its week.
WEEKS_BEFORE = 8
EFFECTS = [
    ("worked", "Worked"),
    ("did_not", "Did Not Work"),
    ("too_early", "Too Early to Say"),
]


class CrmWeeklyReviewDecision(models.Model):
    """Whether decisions worked: the transition's rate before and after.

    Nothing of it is stored: each look asks the ledger as it is. Only clients count that have had
    the time to decide, as on the control board.
    """

    _inherit = "crm.weekly.review.decision"

    before_entered = fields.Integer(
        "Clients Before",
        compute="_compute_effect",
        help="Clients that entered the stage before the transition in the eight weeks before the "
        "decision's week.",
    )
    before_rate = fields.Float("Before, %", compute="_compute_effect", digits=(16, 1))
    after_entered = fields.Integer(
        "Clients Since",
        compute="_compute_effect",
        help="Clients that entered it since the day of the decision, and have had the time to "
        "come further.",
    )
    after_rate = fields.Float("Since, %", compute="_compute_effect", digits=(16, 1))
    effect = fields.Selection(
        EFFECTS,
        compute="_compute_effect",
        search="_search_effect",
        help="Worked: the rate is higher than before, beyond chance. Too early: fewer clients "
        "than a verdict needs have had the time to decide, before or since.",
    )
    effect_text = fields.Char("Effect, in Words", compute="_compute_effect")

    @api.depends("stage_id", "user_id", "is_on_team", "team_id", "decided_on")
    def _compute_effect(self):
        rules = self.env["crm.control.board"]._rules()
        shares = self._shares()
        for decision in self:
            # In a form that is not saved yet, the effect is that of what is chosen there.
            has_effect = decision._origin.id in shares
            nobody = (effects.Share(0, 0), effects.Share(0, 0))
            before, after = shares.get(decision._origin.id, nobody)
            decision.before_entered = before.entered
            decision.before_rate = before.rate or 0.0
            decision.after_entered = after.entered
            decision.after_rate = after.rate or 0.0
            decision.effect = has_effect and effects.judge(before, after, rules)
            decision.effect_text = has_effect and decision._effect_words(before, after, rules)

    @api.model
    def _search_effect(self, operator, value):
        if operator != "in":
            return NotImplemented
        wanted = set(value)
        decisions = self.search(self._measured_domain()) if wanted - {False} else self.browse()
        found = decisions.filtered(lambda decision: decision.effect in wanted)
        domain = Domain("id", "in", found.ids)
        return domain | ~self._measured_domain() if False in wanted else domain

    @api.model
    def _measured_domain(self):
        """Decisions about a transition, which have an effect; all others have none."""
        # Of a manager who was deleted nobody knows any more which clients were his.
        of_whom = Domain("user_id", "!=", False) | Domain("is_on_team", "=", True)
        return Domain("stage_id", "!=", False) & of_whom

    def _read_group_groupby(self, alias, groupby_spec, query):
        """Group by an effect that is determined at this moment."""
        if groupby_spec != "effect":
            return super()._read_group_groupby(alias, groupby_spec, query)
        # Only those that are asked for are measured.
        asked = Domain("id", "in", query.subselect(SQL.identifier(alias, "id")))
        decisions = self.search(asked & self._measured_domain())
        return SQL(
            "%s::jsonb ->> %s::varchar",
            json.dumps({decision.id: decision.effect for decision in decisions}),
            SQL.identifier(alias, "id"),
        )

    def _shares(self):
        """``(before, after)`` of each decision about a transition, by its id."""
        about = self.sudo().filtered(lambda decision: decision._origin.id and decision.decided_on)
        about = about.filtered_domain(self._measured_domain())
        if not about:
            return {}
        ledger = self.env["crm.lead.stage.history"].sudo()
        ledger._flush_for_sql()
        board = self.env["crm.control.board"].sudo()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT decision.id, %(sums)s
                  FROM unnest(
                           %(ids)s::int[], %(teams)s::int[], %(companies)s::int[],
                           %(users)s::int[], %(stages)s::int[], %(begins)s::timestamp[],
                           %(weeks)s::timestamp[], %(days)s::timestamp[]
                       ) AS decision(
                           id, team_id, company_id, user_id, stage_id, begins_at, week_at, since_at
                       )
             LEFT JOIN crm_lead_stage_history stay
                    ON stay.team_id = decision.team_id
                   AND stay.company_id = decision.company_id
                   AND stay.next_stage_id = decision.stage_id
                   AND (decision.user_id IS NULL OR stay.user_id = decision.user_id)
                   AND stay.is_cohort IS TRUE
                   AND %(counts)s
                   AND %(is_mature)s
                   AND stay.entered_at >= decision.begins_at
                   AND (stay.entered_at < decision.week_at OR stay.entered_at >= decision.since_at)
              GROUP BY decision.id
                """,
                sums=SQL(", ").join(
                    SQL("COUNT(stay.id) FILTER (WHERE %s AND %s)", period, outcome)
                    for period in (
                        SQL("stay.entered_at < decision.week_at"),
                        SQL("stay.entered_at >= decision.since_at"),
                    )
                    for outcome in (SQL("TRUE"), SQL("stay.reached_next"))
                ),
                ids=[decision._origin.id for decision in about],
                teams=[decision.team_id.id for decision in about],
                companies=[decision.company_id.id for decision in about],
                users=[decision.user_id.id or None for decision in about],
                stages=[decision.stage_id.id for decision in about],
                **about._moments(),
                counts=ledger._counts_sql(SQL("stay")),
                is_mature=board._is_mature_sql(SQL("stay")),
            )
        )
        return {
            decision_id: (effects.Share(*figures[:2]), effects.Share(*figures[2:]))
            for decision_id, *figures in rows
        }

    def _moments(self):
        """Where the weeks before begin, where the decision's week begins, and its day."""
        moments = {"begins": [], "weeks": [], "days": []}
        for decision in self:
            monday = working_time.monday(decision.decided_on)
            for name, day in (
                ("begins", monday - timedelta(weeks=WEEKS_BEFORE)),
                ("weeks", monday),
                ("days", decision.decided_on),
            ):
                moments[name].append(weeks.midnight(day, decision.company_id.funnel_tz))
        return moments

    def _effect_words(self, before, after, rules):
        figures = {
            "before": self._share_words(before),
            "after": self._share_words(after),
            "minimum": rules.minimum,
        }
        if before.entered < rules.minimum:
            return self.env._(
                "Before: %(before)s. A comparison needs %(minimum)s clients before the decision.",
                **figures,
            )
        if after.entered < rules.minimum:
            return self.env._(
                "Before: %(before)s; since: %(after)s. A verdict needs %(minimum)s clients since.",
                **figures,
            )
        verdict = effects.judge(before, after, rules)
        if verdict == effects.WORKED:
            return self.env._(
                "Before: %(before)s; since: %(after)s. Better, beyond chance.", **figures
            )
        if after.rate > before.rate:
            return self.env._(
                "Before: %(before)s; since: %(after)s. The difference may be chance.", **figures
            )
        return self.env._("Before: %(before)s; since: %(after)s. Not better.", **figures)

    def _share_words(self, share):
        if not share.entered:
            return self.env._("nobody")
        rate = f"{share.rate:.1f}".removesuffix(".0").replace(".", get_lang(self.env).decimal_point)
        return self.env._(
            "%(advanced)s of %(entered)s, %(rate)s %%",
            advanced=share.advanced,
            entered=share.entered,
            rate=rate,
        )

    def _effect_payload(self):
        labels = dict(self._fields["effect"]._description_selection(self.env))
        return {
            "effect": self.effect or False,
            "effect_name": labels.get(self.effect, ""),
            "effect_text": self.effect_text or "",
            "before_entered": self.before_entered,
            "before_rate": self.before_rate if self.before_entered else False,
            "after_entered": self.after_entered,
            "after_rate": self.after_rate if self.after_entered else False,
        }

    # -- actions ------------------------------------------------------------------------------

    def action_open_after(self):
        """Open the clients that entered since the decision."""
        return self._open_clients(since=True)

    def action_open_before(self):
        """Open the clients that entered in the weeks before the decision."""
        return self._open_clients(since=False)

    def _open_clients(self, since):
        self.ensure_one()
        self.check_access("read")
        if self.id not in self._shares():
            raise UserError(self.env._("The decision is about no transition that can be measured."))
        moments = self.sudo()._moments()
        board = self.env["crm.control.board"]
        stay = Domain("team_id", "=", self.team_id.id) & Domain("is_cohort", "=", True)
        stay &= Domain("company_id", "=", self.company_id.id)
        stay &= Domain("next_stage_id", "=", self.stage_id.id) & Domain("exit", "!=", "transferred")
        stay &= Domain("lost_reason_id", "=", False) | Domain(
            "lost_reason_id.is_spam_or_duplicate", "=", False
        )
        if self.user_id:
            stay &= Domain("user_id", "=", self.user_id.id)
        if since:
            stay &= Domain("entered_at", ">=", moments["days"][0])
        else:
            stay &= Domain("entered_at", ">=", moments["begins"][0])
            stay &= Domain("entered_at", "<", moments["weeks"][0])
        stay &= board._mature_domain(self.team_id)
        return board._leads_action(self.display_name, Domain("stage_history_ids", "any", stay))
