from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools import verdicts
from .crm_control_board_sql import DEFAULT_NORMAL_DAYS


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
    funnel_minimum_entries = fields.Integer(
        "Entries for a Verdict",
        config_parameter="sales_funnel_control.minimum_entries",
        default=verdicts.Rules().minimum,
        help="Mature entries that the control board needs to judge a manager at a transition.",
    )
    funnel_tolerance = fields.Float(
        "Tolerance, Points",
        help="By so many percentage points a rate may miss its target and still be on target.",
    )
    funnel_normal_days = fields.Integer(
        "Normal Days on a Stage",
        config_parameter="sales_funnel_control.normal_days",
        default=DEFAULT_NORMAL_DAYS,
        help="Counts for stages that have no normal days of their own.",
    )
    funnel_tz = fields.Selection(related="company_id.funnel_tz", readonly=False, required=True)
    refusal_reason_required = fields.Boolean(
        related="company_id.refusal_reason_required", readonly=False
    )
    refusal_reason_for_leads = fields.Boolean(
        related="company_id.refusal_reason_for_leads", readonly=False
    )
    refusal_words_length = fields.Integer(related="company_id.refusal_words_length", readonly=False)

    @api.model
    def get_values(self):
        return {
            **super().get_values(),
            "funnel_undo_grace": self.env["crm.lead.stage.history"]._undo_grace(),
            "funnel_tolerance": self.env["crm.control.board"]._rules().tolerance,
        }

    def set_values(self):
        """Keep a 0 as such; an empty parameter would mean the default."""
        parameters = self.env["ir.config_parameter"].sudo()
        for name, value in (
            ("undo_grace_minutes", self.funnel_undo_grace),
            ("tolerance", self.funnel_tolerance),
        ):
            if parameters.get_param(f"sales_funnel_control.{name}") != str(value):
                parameters.set_param(f"sales_funnel_control.{name}", str(value))
        return super().set_values()

    @api.constrains(
        "funnel_undo_grace",
        "funnel_default_target_rate",
        "funnel_minimum_entries",
        "funnel_tolerance",
        "funnel_normal_days",
    )
    def _check_funnel_settings(self):
        for settings in self:
            if settings.funnel_undo_grace < 0:
                raise ValidationError(self.env._("The undo grace cannot be negative."))
            if not 0 <= settings.funnel_default_target_rate <= 100:
                raise ValidationError(
                    self.env._("The default target is between 0 and 100 per cent.")
                )
            if settings.funnel_minimum_entries < 1 or settings.funnel_normal_days < 1:
                raise ValidationError(
                    self.env._("A verdict needs one entry at least, and a stage one normal day.")
                )
            if not 0 <= settings.funnel_tolerance < 100:
                raise ValidationError(
                    self.env._("The tolerance is between 0 and 100 percentage points.")
                )

    def action_rebuild_ledger(self):
        """Open the runs that rebuild the ledger from the chatter."""
        return self.env["ir.actions.act_window"]._for_xml_id(
            "sales_funnel_control.crm_ledger_rebuild_action"
        )
