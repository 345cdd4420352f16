from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

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
        teams = self.env.ref("sales_funnel_control.team_hunters") | self.env.ref(
            "sales_funnel_control.team_farmers"
        )
        # The people are as old as their pipeline: nobody owes anything before they joined.
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE crm_team_member SET create_date = %s WHERE crm_team_id = ANY(%s)",
                monday - timedelta(weeks=_WEEKS),
                teams.ids,
            )
        )
        self.env["crm.team.member"].invalidate_model(["create_date"])
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
                    ("hunter", "effective_call", 15),
                    ("farmer", "warm_contact", 6),
                    ("farmer", "visit", 3),
                )
            ]
        )
