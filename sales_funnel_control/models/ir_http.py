from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client whether to offer the contact log on messages."""
        info = super().session_info()
        info["can_log_contacts"] = self.env.user.has_group("sales_team.group_sale_salesman")
        return info
