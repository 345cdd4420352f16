from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Tell the web client whether to offer the contact log, and who has a norm.

        For all others nothing is fetched or shown.
        """
        sells = bool(request.session.uid) and self.env.user.has_group(
            "sales_team.group_sale_salesman"
        )
        return {
            **super().session_info(),
            "can_log_contacts": sells,
            "has_contact_norm": sells and self.env["crm.contact.norm.week"]._owes_contacts(),
        }
