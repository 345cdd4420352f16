import json

from odoo import api, fields, models
from odoo.tools import SQL, ormcache


class CrmControlBoard(models.AbstractModel):
    """The verdict as a dimension of the ledger's rows, for pivot, list and graph."""

    _inherit = "crm.control.board"

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
            request = board._board_request({"team_id": team.id})
            counts, team_counts = board._figures(request)
            for (who, transition), seat in board._seats(
                request, rules, counts, team_counts
            ).items():
                if seat.verdict:
                    key = f"{team.id}-{self._manager_key(*who)}-{transition}"
                    found[key] = seat.verdict
        return found
