from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crm_deal_cycle import DEFAULT_NORMAL_DAYS, DEFAULT_SAMPLE


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    funnel_normal_cycle = fields.Integer(
        "Normal Sales Cycle, Days",
        config_parameter="sales_funnel_control.normal_cycle",
        default=DEFAULT_NORMAL_DAYS,
        help="Counts for teams that won too few deals to know their own.",
    )
    funnel_cycle_minimum = fields.Integer(
        "Deals Needed",
        config_parameter="sales_funnel_control.cycle_minimum",
        default=DEFAULT_SAMPLE,
        help="So many deals a team or a class needs for a normal cycle of its own, and a chance "
        "to be shown.",
    )

    def set_values(self):
        """Let another sample size decide at once which cycles count."""
        cycle = self.env["crm.deal.cycle"]
        former = cycle._sample()
        result = super().set_values()
        if cycle._sample() != former:
            cycle._cron_compute()
        return result

    @api.constrains("funnel_normal_cycle", "funnel_cycle_minimum")
    def _check_cycle_settings(self):
        for settings in self:
            if settings.funnel_normal_cycle < 1 or settings.funnel_cycle_minimum < 1:
                raise ValidationError(
                    self.env._("A normal cycle takes one day at least, and needs one deal.")
                )
