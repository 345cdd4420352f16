from odoo import api, models


class CrmRememberedMixin(models.AbstractModel):
    """Configuration that all processes remember, until somebody changes it."""

    _name = "crm.remembered.mixin"
    _description = "Remembered Configuration"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache("stable")
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache("stable")
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache("stable")
        return result
