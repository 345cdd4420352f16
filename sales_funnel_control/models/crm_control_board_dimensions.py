import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, ormcache


class CrmControlBoard(models.AbstractModel):
    """Maturity and verdict as dimensions of the ledger's rows, for pivot, list and graph.

    They are expressions rather than joins, so that a query that shows neither pays for neither.
    """

    _inherit = "crm.control.board"

    @api.model
    def _is_mature_sql(self, stay):
        """Whether the entry ``stay`` has had the time to advance, as on the board."""
        now = fields.Datetime.now()
        normal_days = self._normal_days()
        observed = self._observed_horizons(fields.Date.today())
        mature_before = {
            f"{team_id}-{stage_id}": now - timedelta(days=days)
            for team_id, horizons in observed.items()
            for stage_id, days in horizons.items()
        } | {str(stage_id): now - timedelta(days=days) for stage_id, days in normal_days.items()}
        return SQL(
            """
            %(stay)s.entered_at < COALESCE(
                %(moments)s::jsonb ->> CONCAT(%(stay)s.team_id, '-', %(stay)s.stage_id),
                %(moments)s::jsonb ->> %(stay)s.stage_id::text,
                %(otherwise)s
            )::timestamp
            """,
            stay=stay,
            moments=json.dumps(mature_before, default=str),
            otherwise=str(now - timedelta(days=self._default_normal_days())),
        )

    @api.model
    def _verdict_sql(self, stay):
        """The verdict of the day on the manager of ``stay`` at its transition."""
        verdicts = self._verdicts_of_day(fields.Date.today())
        return SQL(
            "%s::jsonb ->> CONCAT_WS('-', %s, %s, COALESCE(%s, 'none'), %s)",
            json.dumps(verdicts),
            SQL("%s.team_id", stay),
            SQL("%s.user_id", stay),
            SQL("%s.sales_role", stay),
            SQL("%s.next_stage_id", stay),
        )

    @api.model
    @ormcache("today", "self.env.company.id")
    def _verdicts_of_day(self, today):
        """Verdicts of every team's board over its usual period, by team, manager and transition.

        The whole of a team is judged together, whoever asks: the reader's rules decide on the
        rows, not on what is said of them.
        """
        board = self.sudo()
        rules = board._rules()
        found = {}
        for team in board._readable_teams():
            request = board._board_request(team.id)
            counts, team_counts = board._figures(request)
            for (who, transition), seat in board._seats(
                request, rules, counts, team_counts
            ).items():
                if seat.verdict:
                    key = f"{team.id}-{self._manager_key(*who)}-{transition}"
                    found[key] = seat.verdict
        return found
