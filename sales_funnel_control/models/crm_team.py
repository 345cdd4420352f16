from odoo import api, fields, models
from odoo.tools import SQL


class CrmTeam(models.Model):
    _inherit = "crm.team"

    funnel_kind = fields.Selection(
        [("active", "Active"), ("proactive", "Proactive")],
        "Funnel",
        default="active",
        required=True,
        help="Active: hunters win new clients. Proactive: farmers work with existing ones.",
    )
    has_own_funnel = fields.Boolean(
        "Own Stages Only",
        help="The team's funnel is made of its own stages; "
        "stages shared by all teams do not belong to it.",
    )

    questionnaire_definition = fields.PropertiesDefinition("Needs Questionnaire")
    exchange_after_days = fields.Integer(
        "Hand On Refusals After, Days",
        help="So long after a refusal the client is handed to another manager of the same role, "
        "where the reason allows it. 0 means that refusals are handed on by hand only.",
    )

    _exchange_not_negative = models.Constraint(
        "CHECK (exchange_after_days >= 0)",
        "Days until refusals are handed on cannot be negative.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self.env["crm.stage"]._forget_funnels()
        return teams

    def write(self, vals):
        if "has_own_funnel" in vals:
            self.env["crm.lead.stage.history"].sudo()._catch_up()
        result = super().write(vals)
        if "has_own_funnel" in vals:
            self.env["crm.stage"]._funnels_changed()
        if "company_id" in vals:
            self.env["crm.lead.stage.history"]._forget_circumstances()
        return result

    def unlink(self):
        """The database empties the team of leads and of stays by itself: derive these anew."""
        history = self.env["crm.lead.stage.history"].sudo()
        history._catch_up()
        lead_ids = history._lead_ids_of(SQL("team_id"), self)
        result = super().unlink()
        self.env["crm.stage"]._forget_funnels()
        self.env["crm.lead"].invalidate_model(["team_id"])
        history._derive(lead_ids)
        history._sync(self.env["crm.lead"].browse(lead_ids))
        return result

    def action_build_funnel(self):
        """Open the wizard that builds a reference funnel for this team."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Build the Funnel"),
            "res_model": "crm.funnel.builder",
            "view_mode": "form",
            "target": "new",
            "context": {"default_team_id": self.id, "default_funnel_kind": self.funnel_kind},
        }
