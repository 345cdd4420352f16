from odoo import models

# What was taken down of a contact and does not follow the deal it is moved to.
_OF_THE_MOMENT = (
    "company_id",
    "contact_id",
    "had_deal",
    "had_questionnaire",
    "partner_id",
    "stage_id",
    "team_id",
)


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def write(self, vals):
        result = super().write(vals)
        if "questionnaire" in vals:
            self.env["crm.contact.log"]._learn_questionnaire(self)
        return result

    def _merge_dependences(self, opportunities):
        """Contacts of the deals merged are contacts of the one that remains."""
        opportunities.sudo().contact_log_ids._move_to(self)
        return super()._merge_dependences(opportunities)


class CrmContactLog(models.Model):
    _inherit = "crm.contact.log"

    def _move_to(self, lead):
        """Move the contacts to another deal, with all that was taken down of their moment."""
        if not self:
            return
        keeping = [self._fields[name] for name in _OF_THE_MOMENT]
        with self.env.protecting(keeping, self):
            self.lead_id = lead
        self._learn_questionnaire(lead)
