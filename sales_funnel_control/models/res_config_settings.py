from odoo import api, fields, models
from odoo.exceptions import ValidationError


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    funnel_undo_grace = fields.Integer(
        "Undo Grace, Minutes",
        help="A drag to another stage that is undone within this time leaves no trace.",
    )
    funnel_default_target_rate = fields.Float(
        "Default Target, %",
        config_parameter="sales_funnel_control.default_target_rate",
        help="Target conversion that a new stage begins with. 0 means none.",
    )
    funnel_tz = fields.Selection(related="company_id.funnel_tz", readonly=False, required=True)

    @api.model
    def get_values(self):
        return {
            **super().get_values(),
            "funnel_undo_grace": self.env["crm.lead.stage.history"]._undo_grace(),
        }

    def set_values(self):
        """Keep a grace of 0 as such; an empty parameter would mean the default."""
        self.env["ir.config_parameter"].sudo().set_param(
            "sales_funnel_control.undo_grace_minutes", str(self.funnel_undo_grace)
        )
        return super().set_values()

    @api.constrains("funnel_undo_grace", "funnel_default_target_rate")
    def _check_funnel_settings(self):
        for settings in self:
            if settings.funnel_undo_grace < 0:
                raise ValidationError(self.env._("The undo grace cannot be negative."))
            if not 0 <= settings.funnel_default_target_rate <= 100:
                raise ValidationError(
                    self.env._("The default target is between 0 and 100 per cent.")
                )

    def action_rebuild_ledger(self):
        """Open the runs that rebuild the ledger from the chatter."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_ledger_rebuild_action"
        )
