from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.crm.controllers.main import CrmController
from odoo.addons.mail.controllers.mail import MailController


class CrmLeadController(CrmController):
    @http.route()
    def crm_lead_case_mark_won(self, res_id, token):
        """Leave the deal as it is, where the “Won” button of a mail leads to a closed gate.

        Odoo goes on after any error, with what was written until then.
        """
        is_valid, lead, redirect = MailController._check_token_and_record_or_redirect(
            "crm.lead", int(res_id), token
        )
        if not (is_valid and lead and lead._has_gates()):
            return super().crm_lead_case_mark_won(res_id, token)
        try:
            with request.env.cr.savepoint():
                lead.action_set_won_rainbowman()
        except UserError:
            return request.redirect(f"/odoo/crm.lead/{lead.id}")
        return redirect

    @http.route()
    def crm_lead_case_mark_lost(self, res_id, token):
        """Ask for the reason, where the “Lost” button of a mail leads to a lead that needs one."""
        is_valid, lead, _redirect = MailController._check_token_and_record_or_redirect(
            "crm.lead", int(res_id), token
        )
        if is_valid and lead and lead._needing_refusal_reason() and lead.won_status != "lost":
            return request.redirect(f"/odoo/crm.lead/{lead.id}/refuse")
        return super().crm_lead_case_mark_lost(res_id, token)
