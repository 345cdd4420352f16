from collections import defaultdict

from odoo import api, fields, models
from odoo.tools import SQL, date_utils, ormcache

from ..tools.chances import Chance, Past
from .crm_deal_cycle import MONTHS


class CrmLead(models.Model):
    """The chance that a deal is won, from the company's own history.

    The age is the time a deal has stood on its present stage, in its team. It is compared with
    deals of the team that stood on that stage for as long, entered it within the last 24 months
    and are decided: won, or refused or withdrawn. Open deals do not count, and neither do spam and
    duplicates; see :mod:`~..tools.chances` for why young ones do not.
    """

    _inherit = "crm.lead"

    chance_text = fields.Char(
        "Chance at This Age",
        compute="_compute_chance_text",
        help="How many of the team's deals that stood on this stage for as long were won. "
        "From the deals of the last 24 months that are decided, determined once a day.",
    )

    @api.depends("active", "stage_id", "team_id", "won_status")
    def _compute_chance_text(self):
        sample = self.env["crm.deal.cycle"]._sample()
        chances = self._chances()
        for lead in self:
            won, total = chances[lead.id]
            lead.chance_text = total >= sample and self.env._(
                "%(won)s of %(total)s deals that stood here this long were won",
                won=won,
                total=total,
            )

    def _chances(self):
        """The chance of each deal at its present age.

        :return: :class:`Chance` by lead id. No total: no history, or the deal is not in work.
        :rtype: dict
        """
        history = self._pasts(fields.Date.context_today(self))
        chances = dict.fromkeys(self.ids, Chance())
        for lead_id, team_id, stage_id, age in self._stage_ages():
            past = history.get((team_id or 0, stage_id))
            if past:
                chances[lead_id] = past.at(age)
        # Records that are not saved yet have the age of those they will be written to.
        return chances | {lead.id: chances.get(lead._origin.id, Chance()) for lead in self}

    def _stage_ages(self):
        """``(lead id, team id, stage id, days on the stage)`` of those in work."""
        if not self._origin:
            return []
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        return self.env.execute_query(
            SQL(
                """
                SELECT stay.lead_id, stay.team_id, stay.stage_id,
                       (
                           SELECT SUM(%(days)s)
                             FROM crm_lead_stage_history past
                            WHERE past.lead_id = stay.lead_id
                              AND past.stage_id = stay.stage_id
                              AND past.team_id IS NOT DISTINCT FROM stay.team_id
                       )
                  FROM %(standing)s
                   AND stay.stage_id IS NOT NULL
                   AND stay.lead_id = ANY(%(leads)s)
                """,
                days=self.env["crm.lead.stage.history"]._days_sql(
                    SQL("past.entered_at"),
                    SQL("COALESCE(past.left_at, %s)", fields.Datetime.now()),
                ),
                standing=self._standing_from_sql(),
                leads=self._origin.ids,
            )
        )

    @api.model
    @ormcache("today")
    def _pasts(self, today):
        """The past of every stage: :class:`Past` by ``(team id or 0, stage id)``.

        Remembered for a day, as are the board's horizons.
        """
        self.env["crm.deal.cycle"]._flush_for_cycles()
        self.env["crm.lead.stage.history"]._interpret()
        self.env["crm.lead"].flush_model(["active", "lost_reason_id", "team_id", "won_status"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(life.team_id, 0), life.stage_id, life.telling_until,
                       COUNT(*) FILTER (WHERE life.is_won), COUNT(*)
                  FROM (%s) life
                 WHERE life.telling_until >= 0
              GROUP BY 1, 2, 3
                """,
                self._lives_sql(today),
            )
        )
        counts = defaultdict(dict)
        for team_id, stage_id, age, won, total in rows:
            counts[team_id, stage_id][age] = (won, total)
        return {key: Past.build(by_age) for key, by_age in counts.items()}

    @api.model
    def _lives_sql(self, today):
        """Decided deals on each stage they stood on, and up to which age, in whole days, each
        tells of the chance there; of no age where it is negative.
        """
        cycle = self.env["crm.deal.cycle"]
        return SQL(
            """
            SELECT stood.stay_id, stood.team_id, stood.stage_id, stood.is_won,
                   FLOOR(LEAST(stood.days, stood.since - COALESCE(ripe.days, %(default)s)))::int
                   AS telling_until
              FROM (
                    SELECT MAX(stay.id) AS stay_id, stay.lead_id, stay.team_id, stay.stage_id,
                           lead.won_status = 'won' AS is_won,
                           SUM(stay.days) AS days,
                           %(since)s AS since
                      FROM crm_lead_stage_history stay
                      JOIN crm_lead lead
                        ON lead.id = stay.lead_id
                       AND lead.team_id IS NOT DISTINCT FROM stay.team_id
                       AND (lead.won_status <> 'pending' OR NOT lead.active)
                 LEFT JOIN crm_lost_reason reason
                        ON reason.id = lead.lost_reason_id AND lead.won_status <> 'won'
                     WHERE stay.entered_at >= %(first_day)s
                       AND stay.stage_id IS NOT NULL
                       AND stay.stage_id <> ALL(%(won)s)
                       AND stay.is_skipped IS NOT TRUE
                       AND reason.is_spam_or_duplicate IS NOT TRUE
                  GROUP BY stay.lead_id, stay.team_id, stay.stage_id, lead.won_status
                   ) stood
         LEFT JOIN LATERAL (
                    SELECT MAX(cycle.normal_days) AS days
                      FROM crm_deal_cycle cycle
                     WHERE cycle.team_id IS NOT DISTINCT FROM stood.team_id
                       AND cycle.lead_class IS NULL
                       AND cycle.is_sufficient
                   ) ripe ON TRUE
            """,
            default=cycle._default_normal_days(),
            since=self.env["crm.lead.stage.history"]._days_sql(
                SQL("MIN(stay.entered_at)"), SQL("%s::timestamp", fields.Datetime.now())
            ),
            first_day=date_utils.subtract(today, months=MONTHS),
            won=list(self.env["crm.stage"]._won_stage_ids()),
        )
