from odoo import fields, models


class CrmContactEntryMixin(models.AbstractModel):
    _inherit = "crm.contact.entry.mixin"

    data_checked = fields.Boolean(
        "Contact Data Checked",
        help="You went over address, phone and e-mail with the client, and they are right.",
    )


class CrmContactLog(models.Model):
    """A contact in which the client's data were checked verifies the client."""

    _inherit = "crm.contact.log"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("data_checked"):
            self.filtered(lambda log: log.state == "done")._verify_contact_data()
        return result

    def _follow_up(self):
        result = super()._follow_up()
        self._verify_contact_data()
        return result

    def _verify_contact_data(self):
        """Note the check on the person and the organisation, as of the day of the contact."""
        checked = self.filtered("data_checked")
        for (company, user, moment), logs in checked.grouped(
            lambda log: (log.company_id, log.user_id, log.date)
        ).items():
            partners = logs.contact_id | logs.partner_id
            day = min(company._funnel_date(moment), company._funnel_today())
            (partners | partners.commercial_partner_id)._mark_verified(day, user)
