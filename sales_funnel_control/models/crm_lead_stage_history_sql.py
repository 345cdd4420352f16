from odoo import api, models
from odoo.tools import SQL

_INTERPRETED = "sales_funnel_control.interpreted"


class CrmLeadStageHistory(models.Model):
    """Pieces of SQL that the writers of the ledger share."""

    _inherit = "crm.lead.stage.history"

    def _steps_cte(self):
        """CTE ``step(team_id, stage_id, rank, next_stage_id, on_way)``; team 0 means no team."""
        steps = self.env["crm.stage"]._steps()
        return SQL(
            """
            step(team_id, stage_id, rank, next_stage_id, on_way) AS (
                SELECT * FROM unnest(
                    %s::int[], %s::int[], %s::int[], %s::int[], %s::bool[]
                )
            )
            """,
            *([list(column) for column in zip(*steps, strict=True)] or [[]] * 5),
        )

    def _days_sql(self, entered_at, left_at):
        return SQL("(EXTRACT(EPOCH FROM %s - %s) / 86400)::float8", left_at, entered_at)

    def _local_date_sql(self, moment, zone):
        return SQL("(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, zone)

    def _week_sql(self, moment, zone):
        return SQL("date_trunc('week', %s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", moment, zone)

    def _move_sql(self, alias, before="", after=""):
        """How one stay followed another, told by the team, stage and rank of both.

        :param str alias: of the row that has the columns of both
        :param str before: prefix of the columns of the former stay
        :param str after: prefix of the columns of the later one
        """
        return SQL(
            """
            CASE WHEN %(old_team)s IS DISTINCT FROM %(new_team)s THEN 'transferred'
                 WHEN %(old_stage)s IS NOT DISTINCT FROM %(new_stage)s THEN 'handed_over'
                 WHEN COALESCE(%(new_rank)s > %(old_rank)s, TRUE) THEN 'advanced'
                 ELSE 'moved_back'
            END
            """,
            old_team=SQL.identifier(alias, f"{before}team_id"),
            old_stage=SQL.identifier(alias, f"{before}stage_id"),
            old_rank=SQL.identifier(alias, f"{before}rank"),
            new_team=SQL.identifier(alias, f"{after}team_id"),
            new_stage=SQL.identifier(alias, f"{after}stage_id"),
            new_rank=SQL.identifier(alias, f"{after}rank"),
        )

    def _stay_target_sql(self):
        """The target in force for the row ``stay`` of the ledger, of the company ``company``."""
        return self._target_sql(
            stage=SQL("stay.next_stage_id"),
            team=SQL("stay.team_id"),
            role=SQL("stay.sales_role"),
            user=SQL("stay.user_id"),
            date=self._local_date_sql(SQL("stay.entered_at"), SQL("company.funnel_tz")),
        )

    def _target_sql(self, stage, team, role, user, date):
        """The target in force for a transition: the most specific override, else the stage's."""
        return SQL(
            """
            COALESCE(
                (
                    SELECT target.target_rate
                      FROM crm_stage_target target
                     WHERE target.stage_id = %(stage)s
                       AND target.state = 'approved'
                       AND target.active
                       AND (target.team_id IS NULL OR target.team_id = %(team)s)
                       AND (target.sales_role IS NULL OR target.sales_role = %(role)s)
                       AND (target.user_id IS NULL OR target.user_id = %(user)s)
                       AND (target.date_from IS NULL OR target.date_from <= %(date)s)
                       AND (target.date_to IS NULL OR target.date_to >= %(date)s)
                  ORDER BY target.specificity DESC
                     LIMIT 1
                ),
                (
                    SELECT NULLIF(target_stage.target_rate, 0)
                      FROM crm_stage target_stage
                     WHERE target_stage.id = %(stage)s
                )
            )
            """,
            stage=stage,
            team=team,
            role=role,
            user=user,
            date=date,
        )

    def _counts_sql(self, stay):
        """Whether a row that is in the cohort counts: neither spam nor given to another team."""
        return SQL(
            """
            %(stay)s.exit <> 'transferred'
            AND (
                %(stay)s.lost_reason_id IS NULL
                OR %(stay)s.lost_reason_id NOT IN (
                    SELECT id FROM crm_lost_reason WHERE is_spam_or_duplicate
                )
            )
            """,
            stay=stay,
        )

    def _is_win_sql(self, stay, until=None):
        """Whether a stay is the one in which its opportunity was won, and won it is still.

        Who takes over a client that is won has not won it, nor who takes one back from the
        archive. A client that changes teams has not left the won stage, though the ledger has it
        pass the other team's stages.

        What else happened to the opportunity is looked up by the index, which ``OFFSET 0`` sees
        to: for a few weeks' wins PostgreSQL would otherwise read the whole ledger twice.

        :param SQL stay: alias of a row of the ledger
        :param SQL until: a moment; only what happened before it counts. Up to now without it
        """
        won = list(self.env["crm.stage"]._won_stage_ids())

        def undone(alias, begin, end):
            """A stay in the funnel after the stay ``begin``, and before ``end``."""
            return SQL(
                """
                SELECT FROM crm_lead_stage_history %(alias)s
                 WHERE %(alias)s.lead_id = %(stay)s.lead_id
                   AND (%(alias)s.stage_id = ANY(%(won)s)) IS NOT TRUE
                   AND %(alias)s.is_skipped IS NOT TRUE
                   AND %(alias)s.entered_at >= %(begin)s.entered_at
                   AND %(place)s > %(begin_place)s
                   AND %(end)s
                OFFSET 0
                """,
                alias=alias,
                stay=stay,
                won=won,
                place=self._place_sql(alias),
                begin=begin,
                begin_place=self._place_sql(begin),
                end=end,
            )

        return SQL(
            """
            (
                %(stay)s.stage_id = ANY(%(won)s)
                AND NOT EXISTS (%(undone)s)
                AND NOT EXISTS (
                    SELECT FROM crm_lead_stage_history earlier
                     WHERE earlier.lead_id = %(stay)s.lead_id
                       AND earlier.stage_id = ANY(%(won)s)
                       AND earlier.entered_at <= %(stay)s.entered_at
                       AND %(earlier_place)s < %(place)s
                       AND NOT EXISTS (%(between)s)
                    OFFSET 0
                )
            )
            """,
            stay=stay,
            won=won,
            undone=undone(
                SQL("later"),
                stay,
                SQL("TRUE") if until is None else SQL("later.entered_at < %s", until),
            ),
            earlier_place=self._place_sql(SQL("earlier")),
            place=self._place_sql(stay),
            between=undone(
                SQL("back"),
                SQL("earlier"),
                SQL("%s < %s", self._place_sql(SQL("back")), self._place_sql(stay)),
            ),
        )

    def _place_sql(self, stay):
        """By what the stays of an opportunity are in order."""
        return SQL(
            "(%(stay)s.entered_at, COALESCE(%(stay)s.left_at, 'infinity'), %(stay)s.id)", stay=stay
        )

    def _snapshot_columns(self):
        """Columns that keep what was known of the lead when the stay began."""
        return SQL(
            "lead_id, team_id, user_id, sales_role, grade, company_id, currency_id, amount,"
            " lead_class, source_id, campaign_id, country_id, state_id"
        )

    def _snapshot_sql(self, team, user):
        """Values for :meth:`_snapshot_columns`, over the alias ``lead`` and the joins below."""
        return SQL(
            "lead.id, %s, %s, member.sales_role, member.grade, company.id, company.currency_id, %s",
            team,
            user,
            self._lead_snapshot_sql(),
        )

    def _lead_snapshot_sql(self):
        """The part of the snapshot that stands on the lead itself."""
        return SQL(
            "lead.expected_revenue, lead.lead_class, lead.source_id, lead.campaign_id,"
            " lead.country_id, lead.state_id"
        )

    def _snapshot_joins(self, team, user):
        return SQL(
            """
            LEFT JOIN crm_team team ON team.id = %(team)s
            LEFT JOIN res_users manager ON manager.id = %(user)s
                 JOIN res_company company
                   ON company.id = COALESCE(
                       lead.company_id, team.company_id, manager.company_id, %(company)s
                   )
            LEFT JOIN LATERAL (
                       SELECT membership.sales_role, membership.grade
                         FROM crm_team_member membership
                        WHERE membership.crm_team_id = %(team)s
                          AND membership.user_id = %(user)s
                          AND membership.active
                     ORDER BY membership.id
                        LIMIT 1
                      ) member ON TRUE
            """,
            team=team,
            user=user,
            company=self.env.company.id,
        )

    @api.model
    def _interpret(self):
        """Have PostgreSQL interpret the statements of this transaction from here on.

        It compiles what it takes for costly, and to its estimate adds whatever is looked up for
        every row. What asks of many rows is done here long before it would be compiled.

        Source: https://www.postgresql.org/docs/current/jit-decision.html
        """
        told = self.env.cr.precommit.data
        if _INTERPRETED not in told:
            self.env.cr.execute("SET LOCAL jit = off")
            told[_INTERPRETED] = True

    def _flush_for_sql(self):
        """Bring to the database what the SQL of the ledger reads."""
        self._catch_up()
        self._flush_circumstances()

    def _forget_rows(self):
        self.invalidate_model(flush=False)
        self.env["crm.lead"].invalidate_model(["stage_history_ids"], flush=False)
