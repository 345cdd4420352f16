from collections import defaultdict

from odoo import api, fields, models

from .crm_lead_stage_history import LEAD_CLASSES

_MOVING_FIELDS = {
    "active",
    "company_id",
    "lost_reason_id",
    "probability",
    "stage_id",
    "team_id",
    "type",
    "user_id",
}


# A lead that is moved, or archived, again in one transaction has first come to where it is.
_STEP_FIELDS = {"active", "stage_id"}


class CrmLead(models.Model):
    _inherit = "crm.lead"

    lead_class = fields.Selection(
        LEAD_CLASSES,
        tracking=True,
        help="How much the lead is worth to the company: A the most.",
    )
    stage_history_ids = fields.One2many(
        "crm.lead.stage.history", "lead_id", "Path", readonly=True, copy=False
    )
    team_has_own_funnel = fields.Boolean(related="team_id.has_own_funnel")

    # -- ORM ----------------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        # Leads that are not opportunities yet are nowhere in the funnel.
        opportunities = leads.filtered(lambda lead: lead.type == "opportunity")
        if opportunities:
            self.env["crm.lead.stage.history"].sudo()._note_changed(opportunities)
        return leads

    def write(self, vals):
        history = self.env["crm.lead.stage.history"].sudo()
        if (
            not _STEP_FIELDS.isdisjoint(vals)
            and history._is_noted(self)
            # Those that are no opportunities are noted, too, as soon as they are written.
            and "opportunity" in self.mapped("type")
        ):
            history._catch_up()
        result = super().write(vals)
        if not _MOVING_FIELDS.isdisjoint(vals):
            history._note_changed(self)
        return result

    def _merge_dependences(self, opportunities):
        self.env["crm.lead.stage.history"].sudo()._merge(self, opportunities)
        return super()._merge_dependences(opportunities)

    def _assign_alike(self, name, values):
        """Set a computed field, once for all leads with the same value: a pipeline shows many.

        :param dict values: by the id of a stored lead; the others have none
        """
        alike = defaultdict(list)
        for lead_id in self._ids:
            alike[values.get(getattr(lead_id, "origin", lead_id), False)].append(lead_id)
        for value, lead_ids in alike.items():
            self.browse(lead_ids)[name] = value

    # -- stages of the team's funnel ----------------------------------------------------------

    @api.model
    def _read_group_stage_ids(self, stages, domain):
        """Leave shared stages out of the columns where all teams shown have their own funnels."""
        columns = super()._read_group_stage_ids(stages, domain)
        teams = self.env["crm.team"].browse(self.env.context.get("default_team_id"))
        if self.env.context.get("show_user_team_stages"):
            teams |= self.env.user.crm_team_ids
        if teams and all(team.has_own_funnel for team in teams):
            return columns.filtered(lambda stage: stage in stages or stage.team_ids & teams)
        return columns

    def _stage_find(self, team_id=False, domain=None, order="sequence, id", limit=1):
        """Look among the team's own stages first, where only these make its funnel."""
        team = self.env["crm.team"].browse(team_id) | self.team_id
        if len(team) == 1 and team.has_own_funnel:
            own = [("team_ids", "in", team.ids)]
            stages = super()._stage_find(team_id, own + list(domain or []), order, limit)
            if stages:
                return stages
        return super()._stage_find(team_id, domain, order, limit)
