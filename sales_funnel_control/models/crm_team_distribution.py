import random
from ast import literal_eval
from collections import defaultdict
from itertools import zip_longest
from typing import NamedTuple

from odoo import models
from odoo.fields import Domain
from odoo.tools import frozendict

_FACT_FIELDS = ("company_id", "email_normalized", "lead_class", "partner_id", "stage_id", "team_id")


class Turn(NamedTuple):
    """One pass of Odoo's assignment: leads that the same managers take, and their quotas."""

    lead_ids: tuple
    quotas: frozendict


class CrmTeam(models.Model):
    """Odoo's rule-based assignment, with role, grade and class respected.

    Odoo hands the leads of a team round to its members. Here it does so in turns: each turn has
    the leads that the same managers may take, and only these managers have a quota in it. The
    leads that fewest may take come first, so that others do not use up the quotas they need.
    """

    _inherit = "crm.team"

    # -- leads to teams -----------------------------------------------------------------------

    def _allocate_leads(self, creation_delta_days=7):
        teams = self
        if len(self) > 1 and self._ruled():
            self.env["crm.lead.stage.history"].sudo()._catch_up()
            teams = self.with_context(allocating_team_ids=tuple(self.ids))
        return super(CrmTeam, teams)._allocate_leads(creation_delta_days=creation_delta_days)

    def _allocate_leads_deduplicate(self, leads, duplicates_cache=None):
        """Give the lead to another team where nobody in the one drawn may take it."""
        team_ids = self.env.context.get("allocating_team_ids")
        team = self._team_that_takes(leads, self.browse(team_ids)) if team_ids else self
        return super(CrmTeam, team)._allocate_leads_deduplicate(
            leads, duplicates_cache=duplicates_cache
        )

    def _team_that_takes(self, lead, teams):
        facts = lead._distribution_facts().get(lead)
        if not facts or self.crm_team_member_ids._takers(facts):
            return self
        others = (teams - self).filtered(
            lambda team: (
                team.company_id.id in (False, lead.company_id.id)
                and team.crm_team_member_ids._takers(facts)
                and lead.filtered_domain(literal_eval(team.assignment_domain or "[]"))
            )
        )
        # As Odoo draws a team: the more it can take, the more it gets.
        weights = others.mapped("assignment_max")
        return random.choices(others, weights)[0] if others else self

    # -- leads to managers --------------------------------------------------------------------

    def _get_lead_to_assign_domain(self):
        domain = super()._get_lead_to_assign_domain()
        turn = self.env.context.get("distribution_turn")
        return list(Domain(domain) & Domain("id", "in", turn.lead_ids)) if turn else domain

    def _assign_and_convert_leads(self, force_quota=False):
        ruled = self._ruled()
        if not ruled or self.env.context.get("distribution_turn"):
            return super()._assign_and_convert_leads(force_quota=force_quota)
        self.env["crm.lead.stage.history"].sudo()._catch_up()
        result = {}
        if self - ruled:
            result = super(CrmTeam, self - ruled)._assign_and_convert_leads(force_quota=force_quota)
        quotas = {
            member: member._get_assignment_quota(force_quota=force_quota)
            for member in ruled.crm_team_member_ids
        }
        given = {member: self.env["crm.lead"] for member, quota in quotas.items() if quota > 0}
        for teams, lead_ids, takers in ruled._turns():
            left = {m.id: quotas[m] - len(given[m]) for m in takers if m in given}
            turn = Turn(tuple(lead_ids), frozendict(left))
            assigned = teams.with_context(distribution_turn=turn)._assign_and_convert_leads(
                force_quota=force_quota
            )
            for member, data in assigned.items():
                given[member] |= data["assigned"].with_env(self.env)
        for member, leads in given.items():
            result[member] = {"assigned": leads, "quota": quotas[member]}
        return result

    def _ruled(self):
        """The teams where the rules of distribution apply, for some leads at least."""
        company_ids = self.env["res.company"]._switched_on("distribution_by_role")
        if not company_ids:
            return self.browse()
        return self.filtered(lambda t: not t.company_id or t.company_id.id in company_ids)

    def _turns(self):
        """In which turns the leads without an owner are handed round.

        Teams have their turns at the same time: no manager's membership is in two of them.

        :return: ``(teams, ids of leads, members who may take them)``, those that few take first
        """
        turns = []
        for rounds in zip_longest(*(team._turns_of_team() for team in self)):
            teams, takers = self.browse(), self.env["crm.team.member"]
            lead_ids = []
            for team, team_lead_ids, team_takers in filter(None, rounds):
                teams |= team
                lead_ids += team_lead_ids
                takers |= team_takers
            turns.append((teams, lead_ids, takers))
        return turns

    def _turns_of_team(self):
        leads = self.env["crm.lead"].search_fetch(self._get_lead_to_assign_domain(), _FACT_FIELDS)
        members = self.crm_team_member_ids
        takers_of = {}
        by_takers = defaultdict(list)
        elsewhere = defaultdict(self.env["crm.lead"].browse)
        for lead, facts in leads._distribution_facts().items():
            if facts not in takers_of:
                takers_of[facts] = members._takers(facts)
            if takers_of[facts]:
                by_takers[takers_of[facts]].append(lead.id)
            elif facts.farmer_id and facts.farmer_id not in members.user_id.ids:
                elsewhere[facts.farmer_id] |= lead.with_env(self.env)
        for farmer_id, leads_of in elsewhere.items():
            leads_of._send_to_team_of(self.env["res.users"].browse(farmer_id))
        return [
            (self, lead_ids, takers)
            for takers, lead_ids in sorted(
                by_takers.items(), key=lambda item: (len(item[0]), item[0].ids)
            )
        ]
