from odoo import api, fields, models


class CrmLead(models.Model):
    """The client's needs: the questions of the team, answered on the lead."""

    _inherit = "crm.lead"

    questionnaire = fields.Properties(
        "Needs Questionnaire", definition="team_id.questionnaire_definition", copy=True
    )
    is_questionnaire_complete = fields.Boolean(
        "Questionnaire Complete",
        compute="_compute_is_questionnaire_complete",
        store=True,
        help="Every question of the team is answered. A team without questions has none open.",
    )

    @api.depends("questionnaire", "team_id.questionnaire_definition")
    def _compute_is_questionnaire_complete(self):
        for lead in self:
            lead.is_questionnaire_complete = not lead._questionnaire_gaps()

    def _questionnaire_gaps(self):
        """Questions of the team that are not answered on the lead, as people read them."""
        self.ensure_one()
        answers = self.questionnaire or {}
        return [
            question.get("string") or question["name"]
            for question in self.team_id.questionnaire_definition or []
            if question["type"] != "separator" and answers.get(question["name"]) in (None, False, "", [])
        ]
