from odoo import fields, models

# Minimum data asked for at the places of the reference funnels, the first place being 0. Clients of
# the proactive funnel bought before: it starts with more, and ends with an order.
_REFERENCE_LEVELS = {
    "active": {1: "contact", 2: "potential", 3: "need", 4: "buyer"},
    "proactive": {1: "potential", 3: "need", 4: "regular"},
}


class CrmFunnelBuilder(models.TransientModel):
    """Reference funnels can be built with their gates."""

    _inherit = "crm.funnel.builder"

    with_gates = fields.Boolean(
        help="Deals enter a stage only when the client's data are complete enough for it: first "
        "name, address and phone, then the contact person, the needs, a quotation. "
        "The team gets the ready questions of the needs questionnaire, and its leader an activity "
        "when a deal comes to closing. "
        "All of it can be changed on the stages and the team.",
    )

    def action_build(self):
        result = super().action_build()
        if self.with_gates:
            self._set_gates()
        return result

    def _set_gates(self):
        """Set the reference gates on the team's stages, its ready questions, and the notice."""
        stages = self.env["crm.stage"].search([("team_ids", "in", self.team_id.ids)])
        levels = _REFERENCE_LEVELS[self.funnel_kind]
        for place, stage in enumerate(stages):
            stage.gate_level = levels.get(place)
        if any(stage._teams_without_questions() for stage in stages):
            self.team_id.action_use_ready_questions()
        if self.team_id.closing_notice == "none":
            self.team_id.closing_notice = "activity"
