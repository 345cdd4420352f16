from collections import defaultdict
from datetime import datetime, time

import pytz

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import date_utils

from ..tools.outside import as_id, as_ids


class CrmStage(models.Model):
    _inherit = "crm.stage"

    @api.model
    @api.readonly
    def get_column_rates(self, stage_ids, team_id=None):
        """Conversion into stages in the current quarter, of the entries the reader may see.

        Transitions of different funnels are never pooled: a stage that is entered from several
        others has no rate, and a transition that no funnel has any longer does not count.

        :param list[int] stage_ids: stages that the transitions lead into
        :param int team_id: sales team; without it, the entries of all teams
        :return: by stage id: ``entered``, ``advanced`` (opportunities), ``rate`` and ``target``
            (per cent, False where there is none); nothing for a stage that has neither
        :rtype: dict[int, dict]
        :raise UserError: where an argument is no id
        """
        if not isinstance(stage_ids, list | tuple) or len(as_ids(stage_ids)) < len(stage_ids):
            raise UserError(self.env._("Name the stages by a list of their ids."))
        if team_id and not as_id(team_id):
            raise UserError(self.env._("Name the team by its id."))
        funnels = [self._funnel(team_id)] if team_id else self._funnels().values()
        ways = {(step, funnel.next_stage(step)) for funnel in funnels for step in funnel.steps}
        found = defaultdict(list)
        for into, stage, *figures in self.env["crm.funnel.report"]._read_group(
            self._column_rates_domain(stage_ids, team_id),
            ["next_stage_id", "stage_id"],
            ["entered:sum", "advanced:sum", "conversion_rate:avg", "target_rate:avg"],
        ):
            if (stage.id, into.id) in ways:
                found[into.id].append(figures)
        rates = {stage_id: rows[0] for stage_id, rows in found.items() if len(rows) == 1}
        idle = {into for _stage, into in ways}.intersection(stage_ids).difference(found)
        for stage_id, target in self.browse(idle)._targets_in_force(team_id).items():
            if target:
                rates[stage_id] = (0, 0, False, target)
        return {
            stage_id: {
                "entered": entered,
                "advanced": advanced,
                "rate": rate,
                "target": target or False,
            }
            for stage_id, (entered, advanced, rate, target) in rates.items()
        }

    def _column_rates_domain(self, stage_ids, team_id):
        domain = Domain("next_stage_id", "in", stage_ids)
        domain &= Domain("entered_at", ">=", self._quarter_start())
        if team_id:
            domain &= Domain("team_id", "=", team_id)
        return domain

    @api.model
    def _quarter_start(self):
        """The quarter's first midnight in the company's sales time zone, as naive UTC."""
        company = self.env.company
        first_day = date_utils.start_of(company._funnel_today(), "quarter")
        midnight = pytz.timezone(company.funnel_tz).localize(datetime.combine(first_day, time.min))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)

    def _targets_in_force(self, team_id):
        """Today's targets by stage id: the team's, whatever the manager and role."""
        today = self.env.company._funnel_today()
        keys = {stage.id: (stage.id, team_id or None, None, None, today) for stage in self}
        targets = self.env["crm.lead.stage.history"].sudo()._targets_in_force(list(keys.values()))
        return {stage_id: targets[key] for stage_id, key in keys.items()}
