from datetime import timedelta

from odoo import api, fields, models

from ..tools import working_time

_PURPOSES = {
    "purpose_hunter": "<p><b>We open doors.</b> A hunter brings us people who did not know us "
    "yesterday: twelve meetings a week, every one with somebody who decides.</p>",
    "purpose_farmer": "<p><b>We keep our word, and therefore our clients.</b> A farmer knows what "
    "the client will need before the client does.</p>",
}
_WEEKS = 10


class CrmFunnelDemo(models.AbstractModel):
    """Norms have been in force as long as the demo pipeline is old."""

    _inherit = "crm.funnel.demo"

    @api.model
    def _load_norms(self):
        company = self.env.ref("base.main_company")
        company.write(_PURPOSES)
        monday = working_time.monday(fields.Date.today())
        norms = [
            self.env.ref(f"sales_funnel_control.contact_norm_{role}_meeting")
            for role in ("hunter", "farmer")
        ]
        for norm in norms:
            norm.valid_from = monday - timedelta(weeks=_WEEKS)
        self.env["crm.contact.norm"].create(
            [
                {
                    "sales_role": role,
                    "kind": kind,
                    "weekly_norm": number,
                    "valid_from": norms[0].valid_from,
                    "company_id": False,
                }
                for role, kind, number in (
                    ("hunter", "effective_call", 40),
                    ("farmer", "warm_contact", 15),
                    ("farmer", "visit", 3),
                )
            ]
        )
